"""The lease of an invocation that writes: a thread renews it, cleanup never touches what is leased.

It covers the invocation's own files, and the ref of its run if it has one.
"""

import logging
import threading
import time

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.errors import CatalogError

LEASE_SECONDS = 120.0
RENEW_SECONDS = 20.0

_log = logging.getLogger(__name__)


class Lease:
    """Begins the lease of ``writer`` on ``ref`` and renews it until ``release``.

    ``run_id`` is the run whose lease is renewed with it; empty for a write without a run.
    """

    def __init__(
        self, catalog: Catalog, writer: str, ref: str, run_id: str, every: float = RENEW_SECONDS
    ) -> None:
        self._catalog = catalog
        self._writer = writer
        self._run_id = run_id
        self._every = every
        self._over = threading.Event()
        catalog.begin_writing(writer, ref, time.time() + LEASE_SECONDS)
        self._renew_once()  # the machine may have slept since the run was made or joined
        self._thread = threading.Thread(target=self._renew, name="phlo-lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Renew no more: what is set now stays."""
        self._over.set()
        self._thread.join(5)

    def release(self) -> None:
        """Stop renewing and give the lease back; the run's end sets the run's lease itself."""
        self.stop()
        self._catalog.end_writing(self._writer)

    def _renew(self) -> None:
        while not self._over.wait(self._every):
            self._renew_once()

    def _renew_once(self) -> None:
        until = time.time() + LEASE_SECONDS
        try:
            alive = self._catalog.renew_writing(self._writer, until)
            if alive and self._run_id:  # who was taken for dead keeps nobody off its run
                self._catalog.renew_lease(self._run_id, until)
        except CatalogError as error:  # the next renewal may work; the lease lasts for six
            _log.warning("lease of invocation %s not renewed: %s", self._writer, error)
