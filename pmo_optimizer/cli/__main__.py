"""``python -m pmo_optimizer.cli`` is the same as ``pmo-optimizer``."""

from pmo_optimizer.cli import main

if __name__ == "__main__":
    main()
