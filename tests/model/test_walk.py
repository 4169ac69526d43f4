"""Tries."""
import os
from tests.model.stopped_clock import StoppedDatabase
from tests.model.walk import Walk
from tests.support.company import Company

def test_walk(store, admin_token, tmp_path):
    import time
    database = StoppedDatabase(store.url, keys=store.keys)
    company = Company(database, admin_token, tmp_path)
    company.shift(microseconds=1)
    try:
        walk = Walk(company, int(os.environ.get("FAIRCLAIM_WALK_SEED", "1")))
        t=time.perf_counter()
        tally = walk.run(int(os.environ.get("OPS", "300")))
        print(time.perf_counter()-t, time.process_time(), tally.share, tally.kinds, tally.codes, tally.triggers, walk.now, len(walk.model.claims))
    finally:
        company.close(); database.close()
