"""Activation: who reached the moment that the config calls activated, and how fast."""

from polars import col

from tasks.kpis.record import Kpi, Quantile, Ratio, Share, Text

KPIS = (
    Kpi(
        name="activation_rate",
        table="customers",
        measure=Share(of=col("activated_by_end"), among=col("signed_up")),
        unit="share",
        better="up",
        section="activation",
        label=Text(en="Activation rate", fr="Taux d’activation"),
        formula=Text(
            en="Among the customers who signed up in the period: those activated before its end. Late sign-ups have "
            "had less time; see the rate by closed window for the unbiased figure.",
            fr="Parmi les clients inscrits dans la période : ceux activés avant sa fin. Les derniers inscrits ont eu "
            "moins de temps ; le taux à fenêtre close donne le chiffre sans biais.",
        ),
        source=("mentorDay", "Contentsquare"),
        needs=("activation",),
        needs_past="period",
        tags=("headline",),
    ),
    Kpi(
        name="activation_rate_prospects",
        table="customers",
        measure=Share(of=col("activated"), among=col("prospect")),
        unit="share",
        better="up",
        section="activation",
        label=Text(en="Activation rate of prospects", fr="Taux d’activation des prospects"),
        formula=Text(
            en="Among the prospects of the period (signed up in it, or before it and then not activated with their "
            "window still open): those activated in the period.",
            fr="Parmi les prospects de la période (inscrits pendant celle-ci, ou avant et alors ni activés ni hors "
            "délai) : ceux activés dans la période.",
        ),
        source=("custup",),
        needs=("activation",),
        needs_past="period",
    ),
    Kpi(
        name="activation_rate_targeted",
        table="customers",
        measure=Share(of=col("activated_by_end"), among=col("targeted")),
        unit="share",
        better="up",
        section="activation",
        label=Text(en="Activation rate of targeted customers", fr="Taux d’activation des clients ciblés"),
        formula=Text(
            en="Among the customers addressed by a campaign in the period and not activated at the first of its "
            "messages: those activated after it and before the period’s end.",
            fr="Parmi les clients ciblés par une campagne dans la période et pas encore activés au premier de ses "
            "messages : ceux activés après celui-ci et avant la fin de la période.",
        ),
        source=("custup",),
        needs=("activation", "target"),
        needs_past="period",
    ),
    Kpi(
        name="activation_rate_window",
        table="customers",
        measure=Share(of=col("activated_in_window"), among=col("window_closed")),
        unit="share",
        better="up",
        section="activation",
        label=Text(en="Activation rate, window closed", fr="Taux d’activation, fenêtre close"),
        formula=Text(
            en="Among the customers whose activation window closed in the period: those activated within it. Final: "
            "everybody had the same time.",
            fr="Parmi les clients dont la fenêtre d’activation s’est close dans la période : ceux activés à temps. "
            "Définitif : chacun a eu le même délai.",
        ),
        source=("Contentsquare",),
        needs=("activation",),
        needs_past="period",
    ),
    Kpi(
        name="time_to_activate_mean",
        table="customers",
        measure=Ratio(col("time_to_activate"), col("activated")),
        unit="days",
        better="down",
        section="activation",
        label=Text(en="Time to activate, mean", fr="Temps d’activation moyen"),
        formula=Text(
            en="Mean elapsed days of 86,400 s from sign-up to activation, over the customers activated in the period.",
            fr="Nombre moyen de jours de 86 400 s écoulés entre l’inscription et l’activation, pour les clients "
            "activés dans la période.",
        ),
        source=("Contentsquare",),
        needs=("activation",),
        needs_past="period",
    ),
    Kpi(
        name="time_to_activate_median",
        table="customers",
        measure=Quantile(col("time_to_activate"), 0.5),
        unit="days",
        better="down",
        section="activation",
        label=Text(en="Time to activate, median", fr="Temps d’activation médian"),
        formula=Text(
            en="Half of the customers activated in the period took at most this many days from sign-up.",
            fr="La moitié des clients activés dans la période ont mis au plus ce nombre de jours depuis l’inscription.",
        ),
        source=("Contentsquare",),
        needs=("activation",),
        needs_past="period",
        tags=("headline",),
    ),
    Kpi(
        name="time_to_activate_p90",
        table="customers",
        measure=Quantile(col("time_to_activate"), 0.9),
        unit="days",
        better="down",
        section="activation",
        label=Text(en="Time to activate, 90th percentile", fr="Temps d’activation, 90e centile"),
        formula=Text(
            en="Nine in ten of the customers activated in the period took at most this many days from sign-up.",
            fr="Neuf clients sur dix activés dans la période ont mis au plus ce nombre de jours depuis l’inscription.",
        ),
        source=("Contentsquare",),
        needs=("activation",),
        needs_past="period",
    ),
)
