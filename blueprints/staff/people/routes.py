"""Who works at the desk: for managers. The invited person's own page is in invitation_routes.py."""

from __future__ import annotations

from flask import abort, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from blueprints.staff import bp, roles
from blueprints.staff.access import current, private_key, requires
from blueprints.staff.keyring import members
from blueprints.staff.keyring.members import EmailTaken, Member, Refused, UnknownMember
from blueprints.staff.people import services
from blueprints.staff.people.forms import InviteForm, PersonForm, RemoveForm, RolesForm
from blueprints.staff.signin import pages
from core.extensions import limiter
from core.web import hypermedia

ROTATE = "flask keys rotate --private-key-file old.key --new-private-key-file new.key"


@bp.get("/people")
@requires(roles.STAFF)
def people() -> Response:
    everybody = members.all_members()
    return pages.show("staff/people/list.html", people=everybody, me=current())


@bp.get("/people/add")
@requires(roles.STAFF)
def ask_person() -> Response:
    return _person_page(PersonForm(formdata=None))


@bp.post("/people/add")
@requires(roles.STAFF)
def add_person() -> Response:
    form, actor = PersonForm(), current().actor
    if not form.validate():
        return _person_page(form, 422)
    given = (form.email.data, form.name.data, form.roles.data)
    try:
        link = services.add(*given, private_key(), actor, notify=form.notify.data)
    except (EmailTaken, Refused) as error:
        form.email.errors = [str(error)]
        return _person_page(form, 422)
    return pages.show("staff/people/invited.html", link=link)


@bp.post("/people/check/<field>")
@requires(roles.STAFF)
@limiter.limit("120/minute")
def check_person(field: str) -> Response:
    form = _removal_form(0, request.form) if field == "heir" else PersonForm()
    return hypermedia.checked(form, field) if form.field(field) else abort(404)


@bp.get("/people/<int:member_id>")
@requires(roles.STAFF)
def person(member_id: int) -> Response:
    return _member_page(_member(member_id))


@bp.post("/people/<int:member_id>/roles")
@requires(roles.STAFF)
def change_roles(member_id: int) -> Response:
    """Ends their sessions, so whoever changes their own roles signs in again."""
    member, form = _member(member_id), RolesForm()
    if not form.validate():
        return _member_page(member, 422, form)
    try:
        members.change_roles(member_id, form.roles.data, current().actor)
    except Refused as error:
        form.roles.errors = [str(error)]
        return _member_page(member, 422, form)
    return hypermedia.go_to(url_for("staff.person", member_id=member_id))


@bp.post("/people/<int:member_id>/invite")
@requires(roles.STAFF)
def invite_person(member_id: int) -> Response:
    member, form = _member(member_id), InviteForm()
    if not form.validate():
        return _member_page(member, 422)
    actor, key = current().actor, private_key()
    link = services.invite(member_id, key, actor, notify=form.notify.data, new_factor=form.new_factor.data)
    return pages.show("staff/people/invited.html", link=link)


@bp.get("/people/<int:member_id>/remove")
@requires(roles.STAFF)
def ask_to_remove(member_id: int) -> Response:
    return _removal_page(_member(member_id), _removal_form(member_id, None))


@bp.post("/people/<int:member_id>/remove")
@requires(roles.STAFF)
def remove_person(member_id: int) -> Response:
    member, form = _member(member_id), _removal_form(member_id, request.form)
    if not form.validate():
        return _removal_page(member, form, 422)
    try:
        members.remove(member_id, form.heir_id, current().actor)
    except UnknownMember:
        form.heir.errors = ["They left meanwhile. Choose somebody else."]
        return _removal_page(member, form, 422)
    except Refused as error:
        form.heir.errors = [str(error)]
        return _removal_page(member, form, 422)
    return hypermedia.go_to(url_for("staff.removed", member_id=member_id))


@bp.get("/people/<int:member_id>/removed")
@requires(roles.STAFF)
def removed(member_id: int) -> Response:
    """What is left to do."""
    left = next((member for member in members.all_members() if member.id == member_id and not member.active), None)
    return pages.show("staff/people/removed.html", member=left or abort(404), command=ROTATE)


def _member(member_id: int) -> Member:
    try:
        return members.find(member_id)
    except UnknownMember:
        abort(404)


def _person_page(form: PersonForm, status: int = 200) -> Response:
    return pages.show("staff/people/add.html", status, form=form)


def _member_page(member: Member, status: int = 200, form: RolesForm | None = None) -> Response:
    shown = form or RolesForm(formdata=MultiDict([("roles", role) for role in member.roles]))
    context = {"member": member, "form": shown, "invite_form": InviteForm(formdata=None)}
    return pages.show("staff/people/person.html", status, me=current(), **context)


def _removal_form(member_id: int, formdata: MultiDict[str, str] | None) -> RemoveForm:
    others = {one.id: one.name for one in members.all_members() if one.active and one.id != member_id}
    return RemoveForm.among(others, formdata)


def _removal_page(member: Member, form: RemoveForm, status: int = 200) -> Response:
    me = current()
    return pages.show("staff/people/remove.html", status, member=member, form=form, me=me, command=ROTATE)


from blueprints.staff.people import invitation_routes  # noqa: E402, F401
