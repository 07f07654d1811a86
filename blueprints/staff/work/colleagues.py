"""To whom a referral can be handed over."""

from __future__ import annotations

from blueprints.staff.access import Person
from blueprints.staff.keyring import members


def of(person: Person) -> dict[str, str]:
    """Everybody who can sign in, with the person themselves last: id → name."""
    active = [one for one in members.all_members() if one.active]
    return {str(one.id): one.name for one in sorted(active, key=lambda one: one.id == person.id)}


def chosen(member_id: str) -> dict[str, str]:
    """What handing over needs of the colleague; {} if there is nobody with this id."""
    for one in members.all_members():
        if one.active and str(one.id) == member_id:
            return {"to_id": member_id, "to_name": one.name, "to_email": one.email}
    return {}
