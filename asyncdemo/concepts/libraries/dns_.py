"""Names looked up at once, with one time-out for all of them.

The `getaddrinfo` of asyncio takes a thread for each name. aiodns hands all to c-ares, which has one, asks again where
no answer comes, and keeps the answers: the second round asks nobody. `query_dns` is what was `query`. The names say how
long the embedded server takes for them; with a server of your own try `--real`. The guide only names the library.

Watch: All look-ups begin together, those without an answer end together; those with one come again and take no time.
Guide: 6.4 Other Common Asynchronous Libraries
Also: aiodns, look-up, resolver, query-dns, pycares, c-ares
Server: dns
Extra: dns
Ideal: None if real else patience if stuck else min(patience, delay * (names if one_by_one else 1)), and round trips
Example: asyncdemo dns --names 10 --stuck 0
Example: asyncdemo dns --names 10 --stuck 0 --one-by-one
"""

import asyncio
import contextlib
import time
from urllib.parse import urlsplit

import aiodns

REAL = ["python.org", "docs.python.org", "peps.python.org", "pypi.org", "example.com", "example.net", "iana.org"]


async def look_up(resolver: aiodns.DNSResolver, name: str) -> None:
    try:
        result = await resolver.query_dns(name, "A")
        print(f"{name}: {result.answer[-1].data.addr}")
    except aiodns.error.DNSError as error:
        if error.args[0] != aiodns.error.ARES_ENOTFOUND:
            raise
        print(f"{name}: there is no such name")


async def look_up_all(resolver: aiodns.DNSResolver, names: list[str], patience: float, one_by_one: bool) -> list[str]:
    start, tasks = time.perf_counter(), []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience), asyncio.TaskGroup() as group:
            for name in names:
                tasks.append(group.create_task(look_up(resolver, name), name=name))
                if one_by_one:
                    await asyncio.wait(tasks[-1:])
    answered = [task.get_name() for task in tasks if not task.cancelled()]
    print(f"Answers to {len(answered)} of {len(names)} names, time: {time.perf_counter() - start:.3f} seconds")
    return answered


async def main(
    url: str = "dns://127.0.0.1:53",  # the server's address
    names: int = 6,  # how many names there are, at least 1, at most 200
    delay: float = 0.1,  # seconds that the server takes for a name, at least 0
    patience: float = 2,  # seconds after which names without an answer are given up, at least 0.01, at most 3600
    stuck: int = 1,  # how many names take ten times as long as that, at least 0, at most 200
    missing: int = 1,  # how many names nobody has, at least 0, at most 200
    one_by_one: bool = False,  # look up a name only when the one before it is done
    real: bool = False,  # look up names that every server on the internet knows
) -> None:
    kinds = {"name": (names - missing - stuck, delay), "missing": (missing, delay), "stuck": (stuck, patience * 10)}
    made_up = [f"{kind}{n}.{s * 1000:.0f}ms.test" for kind, (count, s) in kinds.items() for n in range(1, count + 1)]
    async with aiodns.DNSResolver([urlsplit(url).netloc], timeout=delay + 1, tries=12) as resolver:
        answered = await look_up_all(resolver, REAL[:names] if real else made_up[-names:], patience, one_by_one)
        await look_up_all(resolver, answered, patience, one_by_one)


if __name__ == "__main__":
    asyncio.run(main())
