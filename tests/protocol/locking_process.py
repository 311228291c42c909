"""Holds the write lock of an SQLite database for some seconds (see test_locked)."""

import sqlite3
import sys
import time


def main() -> None:
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
    connection.execute("COMMIT")


if __name__ == "__main__":
    main()
