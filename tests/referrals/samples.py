"""One sealed referral of each version, each with the private key that opens it, made for these tests alone.

`python -m tests.referrals.samples` seals one of the present version. Samples are never made anew: they stand for what
the databases of clinics hold.
"""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from blueprints.referrals import details, services
from blueprints.referrals.models import Referral
from core.crypto import envelope, models
from tests.referrals.charts import details as chart

FOLDER = Path(__file__).parent / "sealed"
CLEAR = ("public_id", "reference", "received_at", "priority")
PRESENT = f"v{details.VERSION}-row{models.ROW_VERSION}.json"
"""The version of the details, and of the record of the row beside them; the first ones had none."""


def load(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return sample


def row_of(sample: dict[str, Any]) -> Referral:
    """The row as it was kept."""
    clear = {name: sample[name] for name in CLEAR} | {"received_at": datetime.fromisoformat(sample["received_at"])}
    envelope = {"blob": base64.b64decode(sample["blob"]), "wraps": sample["wraps"]}
    return Referral(**clear, **envelope, key_hash=sample["reference"])


def shape() -> dict[str, dict[str, Any]]:
    """The fields of the details as they are now, each with its annotation, under the names that samples have them."""
    kinds = {"ReferralDetails": details.ReferralData, "Trial": details.Trial}
    return {name: {f.name: f.type for f in fields(kind)} for name, kind in kinds.items()}


def seal() -> dict[str, Any]:
    pair, said = envelope.new_key_pair(), chart()
    row = services._sealed(said, "sample", (pair.public,))
    return {
        "private_key": pair.private,
        **{name: getattr(row, name) for name in CLEAR},
        "received_at": row.received_at.isoformat(),
        "blob": base64.b64encode(row.blob).decode(),
        "wraps": row.wraps,
        "details": json.loads(json.dumps(said.as_json())),
        "fields": shape(),
        "recorded": list(Referral.recorded),
    }


if __name__ == "__main__":
    with (FOLDER / PRESENT).open("x") as file:
        json.dump(seal(), file, indent=1)
