"""Every error of the tree has one shape on the wire."""

from __future__ import annotations

import pytest

from keepclear import errors
from keepclear.faces.problem import framework_problem, problem_of

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KeepclearError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_keeps_its_status_code_words_and_place(kind):
    problem = problem_of(kind("what is wrong", at="volumes[0]"))

    assert (problem.type, problem.status, problem.code) == ("about:blank", kind.status, kind.code)
    assert (problem.detail, problem.at) == ("what is wrong", "volumes[0]")
    assert problem.title


def test_what_the_framework_found_has_the_same_shape():
    problem = framework_problem(405, "not so")

    assert (problem.code, problem.title) == ("method_not_allowed", "Method Not Allowed")
