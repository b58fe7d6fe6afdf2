"""`/api/images` and the public files: XML lists, bytes, and JSON that does not work."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero_pms_qloapps.testing.answers import (
    JSON,
    XML,
    Answer,
    Node,
    Refusal,
    closest,
    dumps,
)
from agente_hotelero_pms_qloapps.testing.render import Renderer
from agente_hotelero_pms_qloapps.testing.settings import IMAGE_TYPES
from agente_hotelero_pms_qloapps.testing.shop import Shop

KINDS = ("general", "room_types", "hotels", "categories", "services")
MIMETYPES = "image/gif, image/jpg, image/jpeg, image/pjpeg, image/png, image/x-png"
TYPES = {name: number for number, name, *_ in IMAGE_TYPES}
PLACEHOLDER = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def jpeg(image: int, kind: str = "") -> bytes:
    """Some bytes that begin and end as a JPEG's do, others for every image and size."""
    marker = f"image {image} {kind}".encode()
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + marker + b"\xff\xd9"


def owned(shop: Shop, kind: str) -> dict[int, tuple[int, ...]]:
    """The images of all records of a kind that has any."""
    owners: dict[str, list[tuple[int, tuple[int, ...]]]] = {
        "room_types": [(one.id, one.images) for one in shop.room_types.values()],
        "services": [(one.id, one.images) for one in shop.services.values()],
        "hotels": [(one.id, one.images) for one in shop.hotels.values()],
    }
    return {number: images for number, images in owners.get(kind, []) if images}


def api(shop: Shop, path: Sequence[str], render: Renderer) -> Answer:
    """What lies under `/api/images`."""
    if not path:
        return Answer() if render.as_json else kinds(render)
    if path[0] not in KINDS:
        listed = ", ".join(f'"{one}"' for one in KINDS)
        nearest = closest(path[0], KINDS)
        message = f'Image of type "{path[0]}" does not exist. Did you mean: "{nearest}"?'
        raise Refusal(400, (48, f"{message} The full list is: {listed}"))
    images = owned(shop, path[0])
    if len(path) == 1:
        return listing(images, path[0], render)
    mine = images.get(int(path[1])) if path[1].isdigit() else None
    if len(path) == 2:
        return declinations(path[0], path[1], mine, render)
    if mine is None or not path[2].isdigit() or int(path[2]) not in mine:
        raise Refusal(400, (57, "This image id does not exist"))
    return Answer(body=jpeg(int(path[2]), "".join(path[3:])), media="image/jpeg")


def kinds(render: Renderer) -> Answer:
    allowed = {"get": "true", "put": "false", "post": "false", "delete": "false", "head": "true"}
    nodes = [
        Node(
            tag=one,
            attributes={
                "xlink:href": render.link("images", one),
                **allowed,
                "upload_allowed_mimetypes": MIMETYPES,
            },
            short=True,
        )
        for one in KINDS
    ]
    return render.answer({}, Node(tag="image_types", children=nodes))


def listing(images: dict[int, tuple[int, ...]], kind: str, render: Renderer) -> Answer:
    place = {"hotels": 6, "categories": 4}.get(kind, 5)
    sizes = [
        Node(
            tag="image_type",
            attributes={
                "id": str(one[0]),
                "name": one[1],
                "xlink:href": render.link("image_types", one[0]),
            },
            short=True,
        )
        for one in IMAGE_TYPES
        if one[place]
    ]
    owners = [
        Node(
            tag="image",
            attributes={"id": str(one), "xlink:href": render.link("images", kind, one)},
            short=True,
        )
        for one in images
    ]
    return render.answer(
        {}, Node(tag="image_types", children=sizes), Node(tag="images", children=owners)
    )


def declinations(kind: str, owner: str, images: Sequence[int] | None, render: Renderer) -> Answer:
    """An owner's images; JSON mixes them with an error, none is a failure."""
    if images is None:
        return Answer(status=500, media=XML)
    if render.as_json:
        mixed = {
            "": [{"id": owner}, *({"id": one} for one in images)],
            "errors": [{"code": 61, "message": "This image does not exist on disk"}],
        }
        return Answer(status=500, body=dumps(mixed), media=JSON)
    nodes = [
        Node(
            tag="declination",
            attributes={"id": str(one), "xlink:href": render.link("images", kind, owner, one)},
            short=True,
        )
        for one in images
    ]
    return render.answer({}, Node(tag="image", attributes={"id": owner}, children=nodes))


def public(shop: Shop, path: str) -> Answer:
    """`/img/p/1/2/12-large_default.jpg`, for anybody; elsewhere a placeholder."""
    digits, _, name = path.removeprefix("/img/p/").rpartition("/")
    number, _, kind = name.removesuffix(".jpg").partition("-")
    every = {
        image
        for owner in ("room_types", "services", "hotels")
        for images in owned(shop, owner).values()
        for image in images
    }
    found = path.startswith("/img/p/") and number.isdigit() and int(number) in every
    if found and digits.replace("/", "") == number and (not kind or kind in TYPES):
        return Answer(body=jpeg(int(number), kind), media="image/jpeg", headers={})
    return Answer(
        status=404, body=PLACEHOLDER, media="image/gif", headers={"X-Powered-By": "PHP/8.2.36"}
    )
