"""What a guest answered to a question with a yes and a no. Pure."""

from __future__ import annotations

from agente_hotelero import HandlerRequest
from agente_hotelero.messages import Option

YES, NO = ":yes", ":no"


def yes_or_no(request: HandlerRequest) -> bool | None:
    """An explicit answer, tapped or said; None when there was none."""
    choice = request.choice or ""
    if choice.endswith((YES, NO)):
        return choice.endswith(YES)
    said = request.first("yes_no")
    return said.value if said is not None and isinstance(said.value, bool) else None


def options(name: str) -> tuple[Option, ...]:
    """A yes and a no to the question of this name."""
    return (
        Option(id=f"{name}{YES}", phrase="front_desk/option_yes"),
        Option(id=f"{name}{NO}", phrase="front_desk/option_no"),
    )
