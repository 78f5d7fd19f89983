"""Submits as many jobs as its argument says, confirmed like all others, over one connection."""

import sys

from jobs import app, embed

with app.producer_pool.acquire(block=True) as producer:
    for _ in range(int(sys.argv[1])):
        embed.apply_async((["a short text"],), producer=producer)
