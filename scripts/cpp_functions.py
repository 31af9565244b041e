"""Every function of a C++ file, in whatever form it is written: free, member, member of a class in an anonymous
namespace, constructor, operator, template, test case, lambda that a namespace or a class holds.

A scan of tokens rather than of lines, with Python's standard library alone. It follows the grammar of declarations as
far as it takes to tell a function's body from every other pair of braces, and takes bodies as they are: a lambda or a
class inside a function is part of that function.
"""

import bisect
import dataclasses
import math
import re

_TOKEN = re.compile(
    r"""
      (?P<space>\n|[^\S\n]+|\\\n)
    | (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
    | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^(\s\\]*)\(.*?\)(?P=mark)")
    | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"\w*)
    | (?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)
    | (?P<char>(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'\w*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<sign>::|->\*?|\[\[|&&|\|\||<=>?|>=|==|!=|<<|\.\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# A function's lines at most, and what nine of ten functions of the production code stay below.
MAX_PRODUCTION_LINES = 60
MAX_TEST_LINES = 80
PRODUCTION_P90_BELOW = 20

_DIRECTIVE = re.compile(r"[ \t]*#(?:\\\n|/\*.*?\*/|[^\n])*", re.DOTALL)
_OPENING = {"(": ")", "[": "]", "[[": "]", "{": "}"}
_CLASS_KEYS = {"class", "struct", "union"}
# Words that take a parenthesis without being the name of a function.
_TAKE_PARENTHESIS = {"alignas", "decltype", "explicit", "noexcept", "requires", "__attribute__", "__declspec", "sizeof"}
# After one of these an opening bracket cannot index anything: a lambda begins.
_BEFORE_EXPRESSION = {"return", "co_return", "co_yield", "co_await", "throw", "case", "else", "do", "in"}
_AFTER_LAMBDA_CAPTURES = {"(", "{", "<", "->", "[[", "mutable", "constexpr", "consteval", "noexcept", "requires", "static"}


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    first: int
    last: int

    @property
    def lines(self):
        return self.last - self.first + 1


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


def functions_of(text):
    """The functions of a file's text, in order: declaration's first line to closing brace, both counted."""
    return _Scan(_tokens(text)).run()


def percentile(lengths, share):
    """The nearest-rank percentile: the smallest length that `share` of them do not exceed."""
    ordered = sorted(lengths)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0


def is_test(name):
    """Does this path below the root belong to the tests?"""
    return name.startswith("tests/")


def _tokens(text):
    """Tokens without comments and directives. Of #if ... #else only the first branch counts (of #if 0 the second)."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    kept = []
    branches = []  # of each open #if: does this branch count?
    position = 0
    while position < len(text):
        is_line_start = position == 0 or text[position - 1] == "\n"
        directive = _DIRECTIVE.match(text, position) if is_line_start else None
        match = directive or _TOKEN.match(text, position)
        if directive:
            _follow_directive(directive[0].strip(), branches)
        elif match.lastgroup not in ("space", "comment") and all(branches):
            kept.append(Token(match.lastgroup, match[0], bisect.bisect_right(starts, position)))
        position = match.end()
    return kept


def _follow_directive(directive, branches):
    name = re.match(r"#\s*(\w*)\s*(.*)", directive, re.DOTALL)
    if name[1] in ("if", "ifdef", "ifndef"):
        branches.append(name[1] != "if" or not re.fullmatch(r"0|false", name[2].split("//")[0].strip()))
    elif name[1] in ("elif", "else", "elifdef", "elifndef") and branches:
        # Once a branch has counted no other does: None is as false as False, and stays.
        branches[-1] = True if branches[-1] is False else None
    elif name[1] == "endif" and branches:
        branches.pop()


class _Scan:
    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0
        self.found = []

    def run(self):
        while self.at < len(self.tokens):
            self.declarations()
            self.at += 1  # a closing brace too many
        return self.found

    def text(self, offset=0):
        index = self.at + offset
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def declarations(self):
        """Up to the brace that closes this namespace or class."""
        while self.at < len(self.tokens) and self.text() != "}":
            self.declaration()

    def declaration(self):
        """One declaration, or as much of it as ends with a brace."""
        head = _Head(self.at, len(self.found))
        while self.at < len(self.tokens):
            text = self.text()
            if text == "}":
                return
            if text == ";":
                self.at += 1
                return
            if text == ":" and head.is_access(self.tokens, self.at):
                self.at += 1
                return
            if text == "{":
                if self.brace(head):
                    return
            elif text == "=":
                self.initialiser(head)
                return
            else:
                self.head_token(head, text)

    def head_token(self, head, text):
        if text == "operator":
            self.operator_name(head)
        elif text == "<" and self.is_template_bracket():
            self.skip_angles()
        elif text in ("(", "[", "[["):
            before = self.text(-1)
            if text == "(" and head.name is None and head.may_name(before):
                head.name = self.name_before(head)
                head.parameters = self.at
            if text == "[" and self.is_lambda():
                self.lambda_expression(head.name or "lambda")
            else:
                self.group(head.name or "lambda")
        elif text == ":" and head.parameters is not None:
            self.at += 1
            self.constructor_initialisers()
        elif text == "requires" and self.text(-1) in ("requires", "&&", "||", "!"):
            self.requires_expression()
        else:
            head.note(text)
            self.at += 1

    def operator_name(self, head):
        first = self.at
        self.at += 1
        if self.text() == "(" and self.text(1) == ")":
            self.at += 2
        else:
            while self.at < len(self.tokens) and self.text() != "(":
                self.at += 1
        head.name = head.name or "".join(token.text for token in self.tokens[first : self.at])
        head.parameters = self.at
        if self.text() == "(":
            self.group()

    def name_before(self, head):
        """The qualified name in front of a parameter list; of a test case its arguments too."""
        words = []
        index = self.at - 1
        while index >= head.first:
            text = self.tokens[index].text
            if text == ">":
                index = self.opening_angle(index) - 1
                continue
            is_name = self.tokens[index].kind == "word" and words[-1:] in ([], ["::"])
            if not (is_name or text == "::" or (text == "~" and len(words) == 1)):
                break
            words.append(text)
            index -= 1
        name = "".join(reversed(words))
        if re.fullmatch(r"(?:TYPED_)?TEST(?:_F|_P)?|TYPED_TEST_P|BENCHMARK\w*", name):
            last = self.closing(self.at)
            name += "".join(token.text + (" " if token.text == "," else "") for token in self.tokens[self.at : last + 1])
        return name

    def brace(self, head):
        """What a brace in a declaration opens. True if the declaration ends with it."""
        words = head.words
        if "namespace" in words or (words[:1] == ["extern"] and self.text(-1).startswith('"')):
            self.scope()
        elif head.parameters is None and _CLASS_KEYS & set(words) and "enum" not in words:
            self.scope()
        elif "enum" in words:
            self.group()
        elif head.parameters is not None:
            self.body(head)
        else:
            self.group(head.last_word() or "lambda")
            return False
        return True

    def scope(self):
        self.at += 1
        self.declarations()
        self.at += 1

    def body(self, head):
        """A function's braces, and the handlers of one whose whole body is a try block."""
        last = self.closing(self.at)
        while last + 1 < len(self.tokens) and self.tokens[last + 1].text == "catch":
            last = self.closing(self.closing(last + 2) + 1)
        first = self.tokens[head.first].line
        del self.found[head.num_found :]  # lambdas among its default arguments and member initialisers are part of it
        self.found.append(Function(head.name or "?", first, self.tokens[min(last, len(self.tokens) - 1)].line))
        self.at = last + 1

    def constructor_initialisers(self):
        """`a_(x), Base<T>{y}, ...` up to the body's brace, which no name stands in front of."""
        while self.at < len(self.tokens):
            text = self.text()
            if text == "{" and self.text(-1) in (")", "}", "..."):
                return
            if text == "<" and self.is_template_bracket():
                self.skip_angles()
            elif text in _OPENING:
                self.group()
            elif text in (";", "}"):
                return
            else:
                self.at += 1

    def requires_expression(self):
        self.at += 1
        if self.text() == "(":
            self.group()
        if self.text() == "{":
            self.group()

    def initialiser(self, head):
        """From `=` to the semicolon; the lambdas in it are functions."""
        name = head.name or head.last_word() or "lambda"
        self.at += 1
        if self.text() == "[" and self.is_lambda():
            self.lambda_expression(name, self.tokens[head.first].line)
        while self.at < len(self.tokens) and self.text() not in (";", "}"):
            if self.text() == "[" and self.is_lambda():
                self.lambda_expression(name)
            elif self.text() in _OPENING:
                self.group(name)
            else:
                self.at += 1
        if self.text() == ";":
            self.at += 1

    def group(self, name="lambda"):
        """A pair of brackets and all inside; lambdas in it are found."""
        closing = _OPENING[self.text()]
        is_attribute = self.text() == "[["
        self.at += 1
        while self.at < len(self.tokens) and self.text() != closing:
            if self.text() == "[" and self.is_lambda():
                self.lambda_expression(name)
            elif self.text() in _OPENING:
                self.group(name)
            else:
                self.at += 1
        self.at += 2 if is_attribute else 1

    def is_lambda(self):
        before = self.tokens[self.at - 1] if self.at else Token("sign", ";", 0)
        is_operand = before.kind in ("number", "string", "raw", "char") or before.text in (")", "]", "}", ">", "operator")
        if is_operand or (before.kind == "word" and before.text not in _BEFORE_EXPRESSION):
            return False
        last = self.closing(self.at)
        return last + 1 < len(self.tokens) and self.tokens[last + 1].text in _AFTER_LAMBDA_CAPTURES

    def lambda_expression(self, name, first=None):
        first = first or self.tokens[self.at].line
        self.group()
        while self.at < len(self.tokens) and self.text() not in ("{", ";", "}"):
            if self.text() == "<" and self.is_template_bracket():
                self.skip_angles()
            elif self.text() in _OPENING:
                self.group()
            else:
                self.at += 1
        if self.text() == "{":
            last = self.closing(self.at)
            self.found.append(Function(name, first, self.tokens[min(last, len(self.tokens) - 1)].line))
            self.at = last + 1

    def closing(self, index):
        """The bracket that closes the one at `index`."""
        depth = 0
        while index < len(self.tokens):
            text = self.tokens[index].text
            depth += {"(": 1, "[": 1, "{": 1, "[[": 2, ")": -1, "]": -1, "}": -1}.get(text, 0)
            if depth <= 0:
                return index
            index += 1
        return index

    def is_template_bracket(self):
        """In the head of a declaration every `<` that follows a name, `template` or a capture opens a template's list."""
        before = self.tokens[self.at - 1] if self.at else Token("sign", "", 0)
        return before.kind == "word" or before.text == "]"

    def skip_angles(self):
        depth = 0
        while self.at < len(self.tokens):
            text = self.text()
            if text == "<":
                depth += 1
            elif text == "<<":
                depth += 2
            elif text == ">":
                depth -= 1
            elif text in _OPENING:
                self.group()
                continue
            elif text in (";", "}"):
                return
            self.at += 1
            if depth <= 0:
                return

    def opening_angle(self, index):
        depth = 0
        while index > 0:
            depth += {">": 1, "<": -1}.get(self.tokens[index].text, 0)
            if depth == 0:
                return index
            index -= 1
        return 0


class _Head:
    """What has been read of a declaration before its brace, outside of all brackets."""

    def __init__(self, first, num_found):
        self.first = first
        self.num_found = num_found
        self.words = []
        self.name = None
        self.parameters = None

    def note(self, text):
        if re.match(r"[A-Za-z_]", text):
            self.words.append(text)

    def last_word(self):
        return self.words[-1] if self.words else None

    def is_access(self, tokens, at):
        return at == self.first + 1 and tokens[self.first].text in ("public", "private", "protected")

    @staticmethod
    def may_name(before):
        return bool(re.match(r"[A-Za-z_>]", before)) and before not in _TAKE_PARENTHESIS
