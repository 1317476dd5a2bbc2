"""Ready is who can do the work: with a database, current tables, and runs that are executed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import httpx
import pytest

from pmo_optimizer.service.store import open_store
from pmo_optimizer.service.store.database import Database
from tests.api.live import served, settings_in
from tests.api.runs.helpers import wait_for
from tests.api.runs.world import World


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_service_that_executes_no_runs_any_more_is_not_ready(tmp_path: Path) -> None:
    """What watches it must hear of it, as the service itself would answer for ever."""
    settings = settings_in(tmp_path)
    address = settings.database_url
    with (
        served(settings) as url,
        httpx.Client(base_url=url, timeout=60) as client,
        closing(open_store(address)) as store,
        closing(Database(address)) as database,
    ):
        assert client.get("/v1/ready").status_code == 200
        # Nothing that the service does makes such a row, so nothing is prepared for it.
        run = World(store, address).queued({"workers": "unknown"})
        with database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE runs SET state = 'queued', parameters = 'broken' WHERE id = ?", (run.id,)
            )
        wait_for(lambda: client.get("/v1/ready").status_code == 503, "the news")
        assert "Runs are not executed" in client.get("/v1/ready").json()["detail"]
        assert client.get("/v1/health").status_code == 200
