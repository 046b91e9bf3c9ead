"""The two base classes: a block reads a few related variables, a service's settings compose blocks."""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class _Handed(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings calls it with all of them
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed over counts.

        Making a block never looks at the process's environment: `postroom_config.load` does that, once, for all
        blocks, because only then one report can name every offender.
        """
        return (init_settings,)


class Block(_Handed):
    """A few related variables. Each field carries a `Variable`."""


class Settings(_Handed):
    """What one process needs: each field is a block."""
