"""Two unlike calls, neither of which needs the other."""

import asyncio


class Api:
    async def get_user(self, number):
        await self._ask(0.2)
        return number

    async def get_news(self, limit):
        await self._ask(0.3)
        return limit

    async def _ask(self, seconds):
        await asyncio.sleep(seconds)


async def page(api):
    user = await api.get_user(7)  # <- AD401
    news = await api.get_news(10)
    return user, news


async def main():
    await page(Api())


asyncio.run(main())
