from postroom_conformance.built import images, runs
from postroom_conformance.fixtures import evidence, said
from postroom_conformance.kills import kills
from postroom_images_testing.fixtures import base, base_name, build, names, stack
from postroom_testing.fixtures import mariadb, redis_server
