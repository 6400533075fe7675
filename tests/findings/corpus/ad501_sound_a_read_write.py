"""The state is read before the wait and written after it."""

import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.balance = 100

    async def pay(self, amount):
        async with self.lock:
            balance = self.balance
            await asyncio.sleep(0.05)
            self.balance = balance - amount


async def main():
    account = Account()
    await asyncio.gather(*(account.pay(1) for _ in range(5)))


asyncio.run(main())
