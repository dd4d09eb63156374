"""What the expert knows of a scene: goals, poses, outlines, handles."""

import mujoco
import numpy as np

from .geometry import Outlines


class Scene:
    """Privileged knowledge of the objects, furniture and regions of a LIBERO task; names are LIBERO's own."""

    def __init__(self, raw):
        self._raw = raw
        self._model, self._data = raw.sim.model._model, raw.sim.data._data
        self._outlines = Outlines(self._model, self._data)
        # Those that collide: the table is left out.
        self.names = [name for name in raw.obj_body_id if "table" not in name and name != "floor"]

    @property
    def goals(self) -> list[list[str]]:
        """The task's predicates, all of which must hold."""
        return self._raw.parsed_problem["goal_state"]

    def holds(self, goal: list[str]) -> bool:
        """Returns true if the scene meets `goal`."""
        return bool(self._raw._eval_predicate(goal))

    @property
    def position(self) -> np.ndarray:
        """Between the fingers, metres, `[3]`."""
        return self._data.site_xpos[self._raw.robots[0].eef_site_id].copy()

    @property
    def rotation(self) -> np.ndarray:
        """Rotation of the hand, `[3, 3]`; the third column looks out of it, the first is the way the fingers open."""
        return self._data.site_xmat[self._raw.robots[0].eef_site_id].reshape(3, 3).copy()

    def place(self, name: str) -> np.ndarray:
        """Position of an object's body or of a region, metres, `[3]`."""
        if name in self._raw.obj_body_id:
            return self._data.xpos[self._raw.obj_body_id[name]].copy()
        return self._data.site(name).xpos.copy()

    def outline(self, name: str) -> np.ndarray:
        """Points on the surface of an object's collision geometry, metres, `[points, 3]`."""
        return self._outlines.of(self._raw.obj_body_id[name])

    def parts(self, name: str) -> list[np.ndarray]:
        """The same, for every geometry of the object alone."""
        return self._outlines.parts(self._raw.obj_body_id[name])

    def is_held(self, name: str) -> bool:
        """Returns true if both fingers touch an object."""
        return self._raw._check_grasp(self._raw.robots[0].gripper, self._raw.objects_dict[name])

    def is_in(self, name: str, region: str) -> bool:
        """Returns true if an object is in a region."""
        return self.holds(["in", name, region])

    def is_on(self, name: str, region: str) -> bool:
        """Returns true if an object is on a region."""
        return self.holds(["on", name, region])

    def shares(self, region: str) -> bool:
        """Returns true if several objects go to the region."""
        return sum(goal[-1] == region for goal in self.goals) > 1

    def _half(self, region: str) -> np.ndarray:
        """Half the extent of a region along the world's axes, metres, `[3]`."""
        site = self._data.site(region)
        return np.abs(site.xmat.reshape(3, 3)) @ self._model.site(region).size

    def region_floor(self, region: str) -> float:
        """Height of what lies in or on a region, metres."""
        half = self._half(region)[2]
        height = self.place(region)[2]
        if "contain_region" in region or "heating_region" in region or self.joint(region) is not None:
            return height - half
        # A burner is higher than its region, and a table than the middle of its own.
        return height + (0.026 if "cook_region" in region else half)

    def region_top(self, region: str) -> float:
        """Height above which everything about a region is free, metres."""
        parent = self._raw.object_sites_dict[region].parent_name if hasattr(self._raw.object_sites_dict[region], "parent_name") else None
        if self.joint(region) is not None or "heating_region" in region:
            return self.place(region)[2] + self._half(region)[2]
        return self.outline(parent)[:, 2].max() if parent in self.names else self.place(region)[2]

    def joint(self, region: str) -> str | None:
        """The joint of a drawer's region; None for others."""
        joints = getattr(self._raw.object_sites_dict.get(region), "joints", None)
        return joints[0] if joints else None

    def outward(self, region: str) -> np.ndarray:
        """The way a drawer opens, a unit vector, `[3]`."""
        return -self._data.joint(self.joint(region)).xaxis

    def opening(self, region: str) -> float:
        """How far a drawer is open, metres."""
        return -float(self._data.joint(self.joint(region)).qpos[0])

    def handle(self, region: str) -> np.ndarray:
        """The middle of a drawer's handle, metres, `[3]`: its foremost part."""
        body = self._model.joint(self.joint(region)).bodyid[0]
        outward = self.outward(region)
        foremost = max(self._outlines.parts(body), key=lambda points: points.mean(0) @ outward)
        return (foremost.max(0) + foremost.min(0)) / 2

    def knob(self, stove: str) -> tuple[np.ndarray, np.ndarray, float]:
        """The axis of a stove's knob at the ridge's height, the middle of the ridge, and the angle of its narrow side."""
        joint = self._data.joint(f"{stove}_button")
        body = self._model.joint(f"{stove}_button").bodyid[0]
        points = self._outlines.of(body)
        top = points[:, 2].max()
        ridge = points[points[:, 2] > top - 0.012]
        middle = (ridge.max(0) + ridge.min(0)) / 2
        frame = self._data.xmat[body].reshape(3, 3)
        height = top - 0.018
        return np.array([*joint.xanchor[:2], height]), np.array([*middle[:2], height]), np.arctan2(frame[1, 0], frame[0, 0])

    def hinge(self, microwave: str) -> tuple[np.ndarray, float]:
        """A point of the door's axis, metres, `[3]`, and the door's angle, radians: 0 when it is closed."""
        joint = self._data.joint(f"{microwave}_microjoint")
        return joint.xanchor.copy(), float(joint.qpos[0])

    def mug_handle(self, name: str) -> np.ndarray:
        """The middle of a mug's handle, metres, `[3]`: of its foremost part, as it stands before a microwave that opens towards -y."""
        foremost = min(self.parts(name), key=lambda points: points[:, 1].mean())
        return (foremost.max(0) + foremost.min(0)) / 2
