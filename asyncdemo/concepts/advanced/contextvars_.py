"""Three requests at once, each with a context of its own.

A context variable has a value for each context. A task starts with a copy of the context in which it was made, so what
it sets is seen by all that it calls, across every `await`, by the tasks that it makes, and by nobody else. It is what
thread-local variables are to threads. Functions that are handed the request's id anyway need none of this; log lines
do.

Watch: Three lanes at once, and each line has its own request. With `--plain-await` there is the main task's lane alone.
Guide: 7.3 Asynchronous Context Variables
Also: context-variables, context-variable, contextvar, copy-context, thread-local
Correction: The guide says that each request has its own context. It is the task that has one, and `gather` wraps each
    request in a task. With `--plain-await` they run in the main task, and the last line shows what they leave behind.
    Where that cannot be helped, `token = request_id.set(...)` and `request_id.reset(token)` undo it.
Ideal: 3 * delay if plain_await else delay
Example: asyncdemo contextvars --plain-await
Example: asyncdemo contextvars --delay 10s --clock virtual
"""

import asyncio
from contextvars import ContextVar

REQUESTS = [("req-001", "Alice"), ("req-002", "Bob"), ("req-003", "Charlie")]

request_id: ContextVar[str] = ContextVar("request_id", default="unknown")
user_info: ContextVar[str | None] = ContextVar("user_info", default=None)


def log(message: str) -> None:
    print(f"[{request_id.get()}] [{user_info.get()}] {message}")


async def process_request(name: str, user: str, delay: float) -> None:
    request_id.set(name)
    user_info.set(user)
    log("Starting to process request")
    await asyncio.sleep(delay)
    log("Processing complete")


async def main(
    delay: float = 0.5,  # seconds that each request takes, at least 0
    plain_await: bool = False,  # await the requests one by one, without tasks
) -> None:
    if plain_await:
        for name, user in REQUESTS:
            await process_request(name, user, delay)
    else:
        async with asyncio.TaskGroup() as group:
            for name, user in REQUESTS:
                group.create_task(process_request(name, user, delay), name=name)
    log("Back in the main task")


if __name__ == "__main__":
    asyncio.run(main())
