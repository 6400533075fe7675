"""Events of a Kafka topic, its partitions shared out among readers.

Each of the four partitions keeps its order and has one reader, so three readers take as long as two. Who reads what is
assigned here, for a group takes three seconds to agree. Without `--url`, librdkafka's mock cluster answers.

Watch: The readers wait for the first events, and lag behind then; with `--readers 4` they wait for every round.
Guide: 6.4 Other Common Asynchronous Libraries
Also: aiokafka, producer, consumer, topic, partition
Server: kafka
Extra: kafka
Ideal: interval + ceil(4 / readers) * work + (rounds - 1) * max(interval, ceil(4 / readers) * work), and the round trips
Example: asyncdemo kafka --readers 4
Example: asyncdemo kafka --readers 3 --rounds 5
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@asynccontextmanager
async def fresh_topic(broker: dict[str, object]) -> AsyncIterator[str]:
    name, admin = f"events-{time.time_ns()}", AIOKafkaAdminClient(**broker)
    await admin.start()
    cluster = await admin.describe_cluster()
    controlled = cluster["controller_id"] in [each["node_id"] for each in cluster["brokers"]]
    try:
        if controlled:  # a mock cluster is not: it makes topics when they are used
            await admin.create_topics([NewTopic(name, num_partitions=4, replication_factor=1)])
        yield name
    finally:
        if controlled:
            await admin.delete_topics([name])
        await admin.close()


async def read(broker: dict[str, object], reader: int, own: list[TopicPartition], rounds: int, work: float) -> None:
    consumer = AIOKafkaConsumer(**broker, auto_offset_reset="earliest", fetch_max_wait_ms=100)
    consumer.assign(own)
    async with consumer:
        for _ in range(rounds * len(own)):
            event = await consumer.getone()
            await asyncio.sleep(work)
            print(f"Reader {reader}: {event.value.decode()} of partition {event.partition}")


async def main(
    url: str = "kafka://127.0.0.1:9092",  # the broker's address
    readers: int = 2,  # how many share the partitions, at least 1, at most 4
    rounds: int = 3,  # how many events each partition gets, at least 1, at most 10k
    interval: float = 0.3,  # seconds before each round, at least 0
    work: float = 0.2,  # seconds that a reader takes for an event, at least 0
) -> None:
    start, broker = time.perf_counter(), {"bootstrap_servers": url.split("/")[2], "request_timeout_ms": 3000}
    async with fresh_topic(broker) as topic, AIOKafkaProducer(**broker) as producer, asyncio.TaskGroup() as group:
        for number in range(1, readers + 1):
            own = [TopicPartition(topic, each) for each in range(number - 1, 4, readers)]
            group.create_task(read(broker, number, own, rounds, work), name=f"Reader {number}")
        for number in range(1, rounds + 1):
            await asyncio.sleep(interval)
            await asyncio.gather(*[await producer.send(topic, b"event %d" % number, partition=to) for to in range(4)])
    print(f"All events read, total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
