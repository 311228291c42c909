"""The lease of a run in progress: a thread renews it, cleanup never touches what is leased."""

import logging
import threading
import time

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.errors import CatalogError

LEASE_SECONDS = 120.0
RENEW_SECONDS = 20.0

_log = logging.getLogger(__name__)


class Lease:
    """Renews the lease of ``run_id`` until ``release``."""

    def __init__(self, catalog: Catalog, run_id: str, every: float = RENEW_SECONDS) -> None:
        self._catalog = catalog
        self._run_id = run_id
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="phlo-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Stop renewing; the run's end sets the lease itself."""
        self._over.set()
        self._thread.join(5)

    def _renew(self) -> None:
        while not self._over.wait(self._every):
            try:
                self._catalog.renew_lease(self._run_id, time.time() + LEASE_SECONDS)
            except CatalogError as error:  # the next renewal may work; the lease lasts for six
                _log.warning("lease of run %s not renewed: %s", self._run_id, error)
