"""The tree of elements that Streamlit's front end builds from a session's messages.

Follows ``AppRoot`` and the visitors of Streamlit 1.67's front end. A delta that refers to a place
which the tree does not have raises there, and the page turns white; here it is noted in ``errors``.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_NO_RUN: Final = ""
_N_ROOTS: Final = 4
"""Main part, side bar, event container and bottom."""


@dataclass(slots=True)
class Element:
    """A leaf. ``proto`` is Streamlit's `Element` message."""

    proto: Any
    run_id: str
    fragment_id: str
    script_hash: str

    @property
    def kind(self) -> str:
        """Name of the element's type."""
        return str(self.proto.WhichOneof("type"))


@dataclass(slots=True)
class Block:
    """A container and its children."""

    kind: str
    run_id: str = _NO_RUN
    fragment_id: str = ""
    script_hash: str = ""
    children: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Transient:
    """A spinner and the node whose place it takes meanwhile."""

    run_id: str
    anchor: Element | Block | None
    elements: list[Element]


Node = Element | Block | Transient


class DeltaPathError(Exception):
    """A delta refers to a place that the tree does not have."""


class DeltaTree:
    """A session's elements; ``errors`` holds what the front end would have raised."""

    def __init__(self) -> None:
        """Begin with an empty page."""
        self.errors: list[str] = []
        self._roots = [Block("root") for _ in range(_N_ROOTS)]
        self._run_id = _NO_RUN
        self._page_hash = ""

    def apply(self, message: ForwardMsg) -> None:
        """Take one message, as the front end does."""
        match message.WhichOneof("type"):
            case "new_session":
                self._start_run(message)
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "delta":
                try:
                    self._apply_delta(message)
                except DeltaPathError as error:
                    self.errors.append(f"{error} at {list(message.metadata.delta_path)}")
            case "script_finished":
                self._finish_run(message)

    def elements(self) -> list[Element]:
        """All elements in the order of the page."""
        found: list[Element] = []
        for root in self._roots:
            _collect(root, found)
        return found

    def kinds(self) -> list[str]:
        """The types of all elements in the order of the page."""
        return [element.kind for element in self.elements()]

    def widget_id(self, key: str) -> str | None:
        """The id of the widget with this key, or None while the page has none."""
        for element in self.elements():
            widget_id = str(getattr(getattr(element.proto, element.kind), "id", ""))
            if widget_id.endswith(f"-{key}"):
                return widget_id
        return None

    def _start_run(self, message: ForwardMsg) -> None:
        session, run = message.new_session, message.metadata.run
        for root in self._roots:
            _drop_transients(root, list(run.fragment_ids))
        if session.page_script_hash != self._page_hash:
            self._page_hash = session.page_script_hash
            for i, root in enumerate(self._roots):
                kept = _only_script(root, session.main_script_hash)
                self._roots[i] = kept if isinstance(kept, Block) else Block("root")
        self._run_id = run.script_run_id

    def _finish_run(self, message: ForwardMsg) -> None:
        run = message.metadata.run
        fragment_ids = list(run.fragment_ids)
        if message.script_finished not in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
        ):
            return
        if not fragment_ids and run.script_run_id != self._run_id:
            return
        stale = _StaleNodes(run.script_run_id, fragment_ids)
        for i, root in enumerate(self._roots):
            kept = stale.drop(root)
            self._roots[i] = kept if isinstance(kept, Block) else Block("root")

    def _apply_delta(self, message: ForwardMsg) -> None:
        delta, path = message.delta, list(message.metadata.delta_path)
        tags = (self._run_id, delta.fragment_id, message.metadata.active_script_hash)
        node: Node
        match delta.WhichOneof("type"):
            case "new_element":
                node = Element(delta.new_element, *tags)
            case "new_transient":
                spinners = [Element(proto, *tags) for proto in delta.new_transient.elements]
                node = Transient(self._run_id, None, spinners)
            case _:
                node = Block(str(delta.add_block.WhichOneof("type")), *tags)
                before = self._at(path)
                if isinstance(before, Transient):
                    before = before.anchor
                if isinstance(before, Block) and before.kind == node.kind:
                    node.children = before.children
        root = Block("app", children=list(self._roots))
        self._set(root, path, node)

    def _at(self, path: list[int]) -> Node | None:
        node: Node | None = Block("app", children=list(self._roots))
        for index in path:
            if isinstance(node, Transient):
                node = node.anchor
            if not isinstance(node, Block) or index >= len(node.children):
                return None
            node = node.children[index]
        return node

    def _set(self, parent: Node, path: list[int], node: Node) -> Node:
        if not path:
            return self._replace(parent, node)
        if isinstance(parent, Element):
            raise DeltaPathError("'setIn' cannot be called on an ElementNode")
        if isinstance(parent, Transient):
            if parent.anchor is None:
                raise DeltaPathError("TransientNode has no anchor to set node at")
            anchor = self._set(parent.anchor, path, node)
            parent.anchor = anchor if not isinstance(anchor, Transient) else anchor.anchor
            return parent
        index, *rest = path
        n_children = len(parent.children)
        if index > n_children:
            raise DeltaPathError(
                f"Bad delta path index {index} (should be between [0, {n_children}])"
            )
        if index < n_children:
            parent.children[index] = self._set(parent.children[index], rest, node)
        elif rest:
            raise DeltaPathError("Cannot set a node at a delta path")
        else:
            parent.children.append(node)
        parent.run_id = self._run_id
        return parent

    def _replace(self, before: Node, node: Node) -> Node:
        if isinstance(before, Transient):
            if isinstance(node, Transient):
                return Transient(node.run_id, node.anchor or before.anchor, node.elements)
            spinners = [one for one in before.elements if one.run_id == node.run_id]
            if before.run_id != node.run_id or not spinners:
                return node
            return Transient(node.run_id, node, spinners)
        if isinstance(node, Transient):
            return Transient(node.run_id, before, node.elements)
        return node


class _StaleNodes:
    """The front end's ``ClearStaleNodeVisitor``."""

    def __init__(self, run_id: str, fragment_ids: list[str]) -> None:
        self._run_id, self._fragment_ids = run_id, fragment_ids

    def drop(self, node: Node, *, in_fragment: bool = False) -> Node | None:
        if isinstance(node, Block):
            return self._drop_in_block(node, in_fragment)
        if isinstance(node, Element):
            return self._drop_element(node, in_fragment)
        anchor = None if node.anchor is None else self.drop(node.anchor, in_fragment=in_fragment)
        if isinstance(anchor, Transient):
            anchor = anchor.anchor
        spinners = [one for one in node.elements if self._drop_element(one, in_fragment)]
        if not spinners:
            return anchor
        return Transient(node.run_id, anchor, spinners)

    def _drop_in_block(self, block: Block, in_fragment: bool) -> Block | None:
        is_current = block.run_id == self._run_id
        if self._fragment_ids:
            if in_fragment and not is_current:
                return None
            in_fragment = in_fragment or (is_current and block.fragment_id in self._fragment_ids)
        elif not is_current:
            return None
        kept = [self.drop(child, in_fragment=in_fragment) for child in block.children]
        if any(new is not old for new, old in zip(kept, block.children, strict=True)):
            block.run_id = self._run_id
        block.children = [child for child in kept if child is not None]
        return block

    def _drop_element(self, element: Element, in_fragment: bool) -> Element | None:
        untouched = bool(self._fragment_ids) and not (element.fragment_id and in_fragment)
        if untouched or element.kind == "toast" or element.run_id == self._run_id:
            return element
        return None


def _drop_transients(block: Block, fragment_ids: list[str]) -> None:
    if fragment_ids and block.fragment_id and block.fragment_id not in fragment_ids:
        return
    for child in block.children:
        if isinstance(child, Block):
            _drop_transients(child, fragment_ids)
    kept = [child.anchor if isinstance(child, Transient) else child for child in block.children]
    block.children = [child for child in kept if child is not None]


def _only_script(node: Node, script_hash: str) -> Node | None:
    """The part of a subtree that a script drew itself: what stays when the page changes."""
    if isinstance(node, Transient):
        return None if node.anchor is None else _only_script(node.anchor, script_hash)
    if node.script_hash not in ("", script_hash):
        return None
    if isinstance(node, Block):
        kept = [_only_script(child, script_hash) for child in node.children]
        node.children = [child for child in kept if child is not None]
    return node


def _collect(node: Node | None, found: list[Element]) -> None:
    if isinstance(node, Element):
        found.append(node)
    elif isinstance(node, Transient):
        _collect(node.anchor, found)
    elif node is not None:
        for child in node.children:
            _collect(child, found)
