"""What columns and events are usually called, in English and French and some neighbours: tables of patterns, no logic.

Patterns are for names in plain form (see `plain`): "InvoiceDate", "invoice_date" and "Invoice date" are "invoice date".
The first pattern of a list is the surest.
"""

import re
import unicodedata
from collections.abc import Mapping

WHOM = (
    "customer|client|user|account|member|buyer|shopper|subscriber|contact|person|profile|patient|student|learner|player"
    "|guest|donor|utilisateur|acheteur|abonne|adherent|membre|compte|kunde|kunden|cliente|usuario|owner|passenger"
)
NUMBERED = "id|ids|no|n|nr|num|number|nummer|numero|code|key|uid|uuid|ref|reference|identifiant|identifier"
DOCUMENT = (
    "order|invoice|transaction|basket|receipt|bill|ticket|subscription|contract|booking|facture|commande|panier"
    "|bestellung|rechnung|pedido|factura|sale|cart|checkout|purchase|vente|contrat|achat"
)
DONE = "booked|sent|paid|answered|visit|session|sign ?up|payment"
OF = "(?:de |du |d |l |la |le )*"

NAMES: Mapping[str, tuple[str, ...]] = {
    "occurred_at": (
        "(?:occurred|event|action|happened) ?(?:at|on|time|timestamp|date|datetime)?",
        "timestamp|ts|date ?time|time ?stamp|horodatage|datetime utc",
        f"(?:{DOCUMENT}|{DONE}).* (?:date|at|on|time|timestamp|datetime|day)",
        f"date(?: et heure)? {OF}(?:{DOCUMENT}|paiement|transaction|inscription|visite|evenement).*",
        "date|day|jour|when|quand|datum|fecha|data|time|heure|month|mois",
        "(?:created|cree|create|creation|started|start|begin|recorded)(?: .*)?|date (?:de )?creation",
        r".*\b(?:date|time|at|on|le|timestamp)\b.*",
    ),
    "received_at": (".*(?:received|ingested|loaded|inserted|recu).*",),
    "customer_id": (
        f"(?:{WHOM})s? ?(?:{NUMBERED})",
        f"(?:{NUMBERED}) {OF}(?:{WHOM})s?",
        "distinct id|visitor ?id",
        f"(?:{WHOM})",
        f".*(?:{WHOM}).* (?:{NUMBERED})|(?:loyalty )?card (?:{NUMBERED})",
        "(?:.* )?(?:e ?mail|courriel|mail|email address|adresse mail)",
        f"(?:{WHOM}) ?name|nom {OF}(?:{WHOM})|phone|telephone",
        "id",
    ),
    "anonymous_id": ("anonymous ?(?:id|user id)|device ?id|cookie ?(?:id)?|visitor ?id|fingerprint|session ?id",),
    "name": (
        (
            "event|event ?(?:name|type)|action(?: type| name)?|activity(?: type| name)?|evenement|(?:type|nom) "
            f"{OF}evenement"
        ),
        (
            f"type|kind|name|operation|question|verb|status|statut|(?:{DOCUMENT}|entry|row|movement) ?(?:type|status)"
            f"|(?:type|statut) {OF}.*"
        ),
    ),
    "event_id": (
        f"(?:event|message|entry|insert|log|hit|row|record|answer|line|evt) ?(?:{NUMBERED})",
        "uuid|guid|id|_id|transaction id",
    ),
    "reference": (
        f"(?:{DOCUMENT})s? ?(?:{NUMBERED}|name)",
        f"(?:{NUMBERED}) {OF}(?:{DOCUMENT})",
        "invoice|order|facture|commande|reference|ref|document (?:no|number)",
    ),
    "item": (
        (
            f"sku|asin|upc|ean|stock ?code|(?:product|item|article|produit|feature) ?(?:{NUMBERED}|sku)"
            f"|(?:{NUMBERED}) {OF}(?:article|produit)"
        ),
        "product|item|produit|article|feature|feature name|(?:product|item) ?name|nom produit|designation|description",
        "campaign|campagne|channel|canal",
    ),
    "quantity": (
        (
            "quantity|qty|quantite|qte|units?|anzahl|menge|cantidad|pieces|(?:items?|order) (?:count|qty|quantity)"
            "|nb articles?|nombre d articles"
        ),
    ),
    "unit_price": ("(?:unit|item) ?price|price(?: each| per unit)?|prix(?: unitaire)?|pu|einzelpreis|precio",),
    "amount": (
        (
            "amount|(?:total|net|gross|paid|order|line|sales|purchase|payment|invoice) ?(?:amount|total|value|price)?"
            "|grand total|revenue|sales|montant(?: .*)?|total(?: .*)?|ca|chiffre d affaires|betrag|umsatz|importe|valor"
        ),
        "amount .*|monthly (?:price|amount|charges?)|mrr|price|prix(?: .*)?|spent|spend|cost|cout|turnover|value",
        r".*\b(?:amount|total|revenue|montant|price|prix|sales|charges)\b.*",
    ),
    "currency": ("currency(?: code)?|devise|monnaie|wahrung|moneda|ccy",),
    "score": ("score|nps(?: score)?|csat(?: score)?|rating|answer|note|satisfaction(?: score)?|stars|review score",),
}
"""Canonical column (and `unit_price`) → what it is called."""

NOT: Mapping[str, str] = {
    "occurred_at": r"\b(?:received|updated?|loaded|ingested|inserted|birth|naissance|modif\w*|sync\w*|deleted|expir\w*"
    r"|ends?|ended|until|due|echeance|uploaded|processed|estimated|deliver\w*|shipped|fin|cancel\w*|recu|last|zone)\b",
    "customer_id": r"\b(?:ip|agent|type|country|city|segment|since|event|session|anonymous|order|invoice|product)\b",
    "amount": r"\b(?:tax|tva|vat|discount|remise|shipping|count|unit|per)\b",
    "name": r"\b(?:customer|client|user|country|product|item)\b",
}
"""What it is not called, though a pattern fits."""

DIMENSIONS: Mapping[str, str] = {
    "country": "(?:.* )?(?:country(?: code| name)?|pays|pais)|land|nation",
    "plan": "(?:.* )?plan(?: name| type)?|tier|formule|offre|package|membership(?: type)?|abonnement",
    "channel": "(?:.* )?channel|canal(?: .*)?|utm source|medium|traffic source|acquisition source",
    "platform": "platform|plateforme|device(?: type| category)?|os|appareil",
    "customer_segment": "(?:customer |client |user )?segment|(?:customer|client|user) type|type (?:de )?client",
    "region": "region|state|province|departement|market|marche|store|magasin|territory",
    "gender": "gender|sex|sexe|genre",
}
"""Dimension → what the column is called; the first ones are the most telling."""

STEPS: tuple[tuple[str, str], ...] = (
    ("cancel", r"\b(?:cancel\w*|churn\w*|end|ends|ended|fin|resili\w*|terminat\w*|unsubscri\w*|closed)\b"),
    ("subscribe", r"\b(?:subscri\w*|abonnement|paid|converted|conversion|upgrade\w*|start|starts|started|debut)\b"),
    ("use", r"\b(?:activat\w*|activation|first (?:use|login)|onboard\w*)\b"),
    ("signup", r"\b(?:sign ?up|signed up|regist\w*|inscri\w*|joined|created|creation)\b"),
)
"""Dates of a table with a column per step: the kind of event, and what its column is called."""

KINDS: tuple[tuple[str | None, str], ...] = (
    (
        None,
        r"heartbeat|\bping(?:s|ed)?\b|health|\berror|exception|debug|identify|\bprobe\b|\bsync|background|\bcache\b|\btest\b",
    ),
    (None, r"\b(?:failed|abandon\w*|pending|draft)\b|invoice (?:sent|created|updated|draft)|checkout started"),
    (None, r"\b(?:order|commande|parcel|package).*(?:ship|deliver|fulfil|updat|process|exped|livr)"),
    ("nps", r"\bnps\b|net promoter"),
    ("csat", r"\bcsat\b|satisfaction"),
    ("return", r"refund|\breturn(?:s|ed)?\b|rembours|\bretour|chargeback|credit ?note|\bavoir\b|erstattung"),
    ("return", r"cancelled order|order cancel"),
    ("deactivate", r"(?:account|user|compte|profile).*(?:delet|clos|deactivat|supprim|desactiv)|deactivat"),
    ("cancel", r"(?:subscription|plan|abonnement|membership|trial).*(?:cancel|end|delet|expir|resili|termin|stop)"),
    ("cancel", r"resiliation|churn|cancel(?:led|ed)? (?:subscription|plan)|kundigung|unsubscribed? plan"),
    ("change", r"(?:plan|subscription|abonnement|tier).*(?:chang|upgrad|downgrad|updat|modif|pause|resum)"),
    ("change", r"upgrad|downgrad"),
    (
        "subscribe",
        r"(?:subscription|abonnement|membership|plan).*(?:creat|start|activat|begin|new|renew|souscri|purchas)",
    ),
    ("subscribe", r"\bsubscribe[ds]?\b|souscription|abonne\b|new subscription|trial converted"),
    ("subscribe", r"^subscription$|^abonnement$"),
    ("signup", r"sign(?:ed)? ?up|regist|inscri|(?:account|user|customer|profile|compte).*(?:creat|cree)"),
    ("signup", r"creat\w* (?:account|user|compte)|creation (?:de |du )?compte|\bjoin(?:ed)?\b|enrol|anmeld|^lead$"),
    ("payment", r"payment|invoice paid|paid invoice|paiement|zahlung|\bpago\b"),
    ("invoice", r"\binvoice|\bfacture|rechnung|factura"),
    ("target", r"(?:email|e mail|campaign|newsletter|sms|push|campagne).*(?:sent|deliver|envoy)|^campaign$|targeted"),
    ("feedback", r"feedback|review|\bavis\b|comment"),
    ("use", r"(?:cart|basket|panier|wishlist|product|produit).*(?:add|view|remov|click|vu|ajout)"),
    ("use", r"add(?:ed)? to (?:cart|basket)"),
    ("purchase", r"purchas|\border\b|bought|achat|achet|commande|\bvente|\bsale\b|\bsold\b|transaction"),
    ("purchase", r"checkout complet|\bkauf|bestell|compra|pedido"),
    ("visit", r"\bpage|screen|session|visit|\blog(?:ged)? ?in\b|connexion"),
    (
        "use",
        r"\b\w+(?:ed|ees?)\b|\b(?:open|view|play|search|click|use|upload|download|share|export|import|send|watch)s?\b",
    ),
    (
        "use",
        r"\b(?:read|write|edit|build|run|complete|start|finish|post|like|invite|publish|sent|made|built|won|met)s?\b",
    ),
    ("use", r"ouverture|utilisation|recherche|partage|telechargement"),
)
"""Kind → what events of that kind are called; the first pattern that is found decides. None: nobody's act."""

COUNTRIES: Mapping[str, tuple[str, str]] = {
    "france|fr|fra": ("Europe/Paris", "EUR"),
    "united kingdom|uk|gb|gbr|england|royaume uni|great britain": ("Europe/London", "GBP"),
    "germany|de|deu|allemagne|deutschland": ("Europe/Berlin", "EUR"),
    "spain|es|esp|espagne|espana": ("Europe/Madrid", "EUR"),
    "italy|it|ita|italie|italia": ("Europe/Rome", "EUR"),
    "belgium|be|bel|belgique": ("Europe/Brussels", "EUR"),
    "netherlands|nl|nld|pays bas|nederland": ("Europe/Amsterdam", "EUR"),
    "ireland|ie|irl|irlande|eire": ("Europe/Dublin", "EUR"),
    "portugal|pt|prt": ("Europe/Lisbon", "EUR"),
    "austria|at|aut|autriche|osterreich": ("Europe/Vienna", "EUR"),
    "switzerland|ch|che|suisse|schweiz": ("Europe/Zurich", "CHF"),
    "poland|pl|pol|pologne|polska": ("Europe/Warsaw", "PLN"),
    "sweden|se|swe|suede": ("Europe/Stockholm", "SEK"),
    "norway|no|nor|norvege": ("Europe/Oslo", "NOK"),
    "denmark|dk|dnk|danemark": ("Europe/Copenhagen", "DKK"),
    "united states|usa|us|united states of america|etats unis": ("America/New_York", "USD"),
    "canada|ca|can": ("America/Toronto", "CAD"),
    "brazil|br|bra|bresil|brasil": ("America/Sao_Paulo", "BRL"),
    "mexico|mx|mex|mexique": ("America/Mexico_City", "MXN"),
    "australia|au|aus|australie": ("Australia/Sydney", "AUD"),
    "japan|jp|jpn|japon": ("Asia/Tokyo", "JPY"),
    "india|in|ind|inde": ("Asia/Kolkata", "INR"),
    "china|cn|chn|chine": ("Asia/Shanghai", "CNY"),
    "singapore|sg|sgp|singapour": ("Asia/Singapore", "SGD"),
    "south africa|za|zaf|afrique du sud": ("Africa/Johannesburg", "ZAR"),
    "morocco|ma|mar|maroc": ("Africa/Casablanca", "MAD"),
}
"""What a country is called → its time zone (of several, the one most people live in) and its currency."""

SYMBOLS: Mapping[str, str] = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}


def plain(name: str) -> str:
    """Small letters without accents, words apart: "NuméroClient" → "numero client"."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", letters)
    return " ".join(re.findall(r"[a-z0-9]+", apart.lower()))


def rank(role: str, name: str) -> int | None:
    """How surely a column of this plain name plays a role: 0 the surest; None: it does not."""
    if re.search(NOT.get(role, r"(?!)"), name):
        return None
    return next((place for place, one in enumerate(NAMES[role]) if re.fullmatch(one, name)), None)


def kind_of(event: str) -> str | None:
    """The kind that an event of this name most likely is; None where the name tells of nobody's act."""
    name = plain(event)
    return next((kind for kind, pattern in KINDS if re.search(pattern, name)), None)


def country_of(value: str) -> tuple[str, str] | None:
    """Time zone and currency of a country."""
    name = plain(value)
    return next((told for names, told in COUNTRIES.items() if name in names.split("|")), None)
