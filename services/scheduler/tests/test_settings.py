from postroom_config.blocks import READERS
from postroom_scheduler.settings import SchedulerServiceSettings


def test_the_blocks_that_it_reads_are_known_to_be_read_by_it() -> None:
    read = {field.annotation for field in SchedulerServiceSettings.model_fields.values()}
    assert read == {block for block, readers in READERS.items() if "scheduler" in readers}
