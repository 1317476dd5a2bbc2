# One image for the command line, the HTTP service and its workers:
#   docker build -t pmo-optimizer .
#   docker run --rm -v "$PWD:/work" pmo-optimizer solve portfolio.yaml
#   docker run --init -v pmo:/data -p 127.0.0.1:8765:8765 pmo-optimizer serve --host 0.0.0.0
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    XDG_DATA_HOME=/data

WORKDIR /app

# What runs, at the pinned versions, and nothing that only tests need. This layer is kept until
# the lock or the project file changes.
COPY requirements.lock pyproject.toml ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb')); \
o = p['project']; \
print(*o['dependencies'], *o['optional-dependencies']['postgres'], \
*p['build-system']['requires'], sep='\n')" > /tmp/wanted.txt && \
    python -m pip install --constraint requirements.lock --requirement /tmp/wanted.txt

COPY README.md LICENSE ./
COPY pmo_optimizer ./pmo_optimizer
COPY solvers ./solvers
COPY scenarios ./scenarios
RUN python -m pip install --no-deps --no-build-isolation .

# The SQLite database of the service is in /data; files of the command line are in /work.
RUN useradd --create-home --uid 10001 planner && \
    install --directory --owner planner --mode 700 /data
USER planner
WORKDIR /work
VOLUME /data
EXPOSE 8765

# Asks the service where the container serves, the database where it works for one, and else
# whether the engines are there.
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["python", "-m", "pmo_optimizer.service.healthcheck"]

ENTRYPOINT ["pmo-optimizer"]
CMD ["--help"]
