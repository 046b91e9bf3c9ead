from postroom_config.listen import ListenSettings


def choose_host(listen: ListenSettings, *, uses_inbox: bool) -> str:
    """The address to bind.

    With ``inbox:`` everybody who reaches the api can read all mail and knows the development key, so it binds
    loopback; the settings refuse anything else unless an operator says so.
    """
    default = "127.0.0.1" if uses_inbox else "0.0.0.0"  # noqa: S104 - a service in a container is reached from outside
    return listen.host or default
