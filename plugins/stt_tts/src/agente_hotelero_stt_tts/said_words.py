"""Words for what is not written in words: currencies, letters, months, signs. By language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Currency:
    """Singular and plural of the unit and of its hundredth; Spanish and Portuguese genders."""

    one: str
    many: str
    cent: str
    cents: str
    feminine: bool = False


def _currency(one: str, many: str, cent: str, cents: str, *, feminine: bool = False) -> Currency:
    return Currency(one=one, many=many, cent=cent, cents=cents, feminine=feminine)


CURRENCIES: Mapping[str, Mapping[str, Currency]] = {
    "es": {
        "ARS": _currency("peso argentino", "pesos argentinos", "centavo", "centavos"),
        "BOB": _currency("boliviano", "bolivianos", "centavo", "centavos"),
        "BRL": _currency("real", "reales", "centavo", "centavos"),
        "CLP": _currency("peso chileno", "pesos chilenos", "centavo", "centavos"),
        "COP": _currency("peso colombiano", "pesos colombianos", "centavo", "centavos"),
        "EUR": _currency("euro", "euros", "céntimo", "céntimos"),
        "GBP": _currency("libra", "libras", "penique", "peniques", feminine=True),
        "MXN": _currency("peso mexicano", "pesos mexicanos", "centavo", "centavos"),
        "PEN": _currency("sol", "soles", "céntimo", "céntimos"),
        "PYG": _currency("guaraní", "guaraníes", "céntimo", "céntimos"),
        "USD": _currency("dólar", "dólares", "centavo", "centavos"),
        "UYU": _currency("peso uruguayo", "pesos uruguayos", "centésimo", "centésimos"),
    },
    "pt": {
        "ARS": _currency("peso argentino", "pesos argentinos", "centavo", "centavos"),
        "BOB": _currency("boliviano", "bolivianos", "centavo", "centavos"),
        "BRL": _currency("real", "reais", "centavo", "centavos"),
        "CLP": _currency("peso chileno", "pesos chilenos", "centavo", "centavos"),
        "COP": _currency("peso colombiano", "pesos colombianos", "centavo", "centavos"),
        "EUR": _currency("euro", "euros", "centavo", "centavos"),
        "GBP": _currency("libra", "libras", "penny", "pence", feminine=True),
        "MXN": _currency("peso mexicano", "pesos mexicanos", "centavo", "centavos"),
        "PEN": _currency("sol", "sóis", "cêntimo", "cêntimos"),
        "PYG": _currency("guarani", "guaranis", "cêntimo", "cêntimos"),
        "USD": _currency("dólar", "dólares", "centavo", "centavos"),
        "UYU": _currency("peso uruguaio", "pesos uruguaios", "centésimo", "centésimos"),
    },
    "en": {
        "ARS": _currency("Argentine peso", "Argentine pesos", "centavo", "centavos"),
        "BOB": _currency("boliviano", "bolivianos", "centavo", "centavos"),
        "BRL": _currency("real", "reais", "centavo", "centavos"),
        "CLP": _currency("Chilean peso", "Chilean pesos", "centavo", "centavos"),
        "COP": _currency("Colombian peso", "Colombian pesos", "centavo", "centavos"),
        "EUR": _currency("euro", "euros", "cent", "cents"),
        "GBP": _currency("pound", "pounds", "penny", "pence"),
        "MXN": _currency("Mexican peso", "Mexican pesos", "centavo", "centavos"),
        "PEN": _currency("sol", "soles", "centimo", "centimos"),
        "PYG": _currency("guarani", "guaranis", "centimo", "centimos"),
        "USD": _currency("dollar", "dollars", "cent", "cents"),
        "UYU": _currency("Uruguayan peso", "Uruguayan pesos", "cent", "cents"),
    },
}


def _listed(words: str) -> list[str]:
    return words.split()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _alphabet(names: str) -> dict[str, str]:
    return dict(zip("abcdefghijklmnopqrstuvwxyz", names.split(","), strict=True))


LETTERS = {
    "es": _alphabet(
        "a,be,ce,de,e,efe,ge,hache,i,jota,ka,ele,eme,ene,o,pe,cu,erre,ese,te,u,uve,doble uve,equis,"
        "i griega,zeta"
    ),
    "pt": _alphabet(
        "á,bê,cê,dê,é,efe,gê,agá,i,jota,cá,ele,eme,ene,ó,pê,quê,erre,esse,tê,u,vê,dáblio,xis,"
        "ípsilon,zê"
    ),
    "en": _alphabet(
        "ay,bee,see,dee,ee,eff,gee,aitch,eye,jay,kay,el,em,en,oh,pee,cue,ar,ess,tee,you,vee,"
        "double you,ex,why,zee"
    ),
}
# Parts that are joined: the hundredth, a decimal, "per cent", an address, and a phone's plus.
JOINS = {
    "es": {"cents": "con", "decimal": "coma", "%": "por ciento", "@": "arroba", ".": "punto"},
    "pt": {"cents": "e", "decimal": "vírgula", "%": "por cento", "@": "arroba", ".": "ponto"},
    "en": {"cents": "and", "decimal": "point", "%": "per cent", "@": "at", ".": "dot"},
}
SIGNS = {
    "es": {"+": "más", "minus": "menos", "-": "guion", "_": "guion bajo", "/": "barra"},
    "pt": {"+": "mais", "minus": "menos", "-": "hífen", "_": "sublinhado", "/": "barra"},
    "en": {"+": "plus", "minus": "minus", "-": "dash", "_": "underscore", "/": "slash"},
}
# As our templates shorten them, after CLDR.
MONTHS_CUT = {
    "es": _listed("ene feb mar abr may jun jul ago sep oct nov dic"),
    "pt": _listed("jan fev mar abr mai jun jul ago set out nov dez"),
    "en": _listed("jan feb mar apr may jun jul aug sep oct nov dec"),
}
DAYS_CUT = {
    "es": {
        "lun": "lunes", "mar": "martes", "mié": "miércoles", "jue": "jueves", "vie": "viernes",
        "sáb": "sábado", "dom": "domingo",
    },
    "pt": {
        "seg": "segunda-feira", "ter": "terça-feira", "qua": "quarta-feira",
        "qui": "quinta-feira", "sex": "sexta-feira", "sáb": "sábado", "dom": "domingo",
    },
    "en": {
        "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
        "sat": "Saturday", "sun": "Sunday",
    },
}  # fmt: skip
# What announces a day and a month in digits.
BEFORE_DATES = {
    "es": "el|al|del|día|desde el|hasta el|hasta|desde|fecha|entrada|salida|llegada|lunes|martes|"
    "miércoles|jueves|viernes|sábado|domingo",
    "pt": "o|ao|do|dia|desde|até|em|no|na|de|data|entrada|saída|chegada|segunda-feira|terça-feira|"
    "quarta-feira|quinta-feira|sexta-feira|sábado|domingo",
    "en": "on|from|to|until|till|by|date|arrival|departure|arriving|leaving|since|before|after|"
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
}
# "24/7" is no day of July.
ALWAYS = {
    "es": "veinticuatro horas, los siete días",
    "pt": "vinte e quatro horas, sete dias por semana",
    "en": "twenty-four seven",
}
DEGREES = {"es": ("grado", "grados"), "pt": ("grau", "graus"), "en": ("degree", "degrees")}
SQUARE_METRES = {"es": "metros cuadrados", "pt": "metros quadrados", "en": "square metres"}
