"""Public mail providers (公共邮箱): domains that say nothing about the company of their user (CUS-02)."""

from __future__ import annotations

import re

PUBLIC_MAIL_DOMAINS: tuple[str, ...] = (
    # China
    "126.com", "139.com", "163.com", "163.net", "188.com", "189.cn", "21cn.com",
    "21cn.net", "263.net", "2980.com", "aliyun.com", "chinaren.com", "dingtalk.com", "email.cn", "eyou.com",
    "foxmail.com", "qq.com", "sina.cn", "sina.com", "sina.com.cn", "sogou.com", "sohu.com", "sohu.net", "tom.com",
    "wo.cn", "wo.com.cn", "yeah.net",
    # Hong Kong, Taiwan, Japan, Korea, South-East and South Asia
    "daum.net", "docomo.ne.jp", "ezweb.ne.jp", "hanmail.net", "hinet.net", "i.softbank.jp", "kakao.com", "nate.com",
    "naver.com", "netvigator.com", "nifty.com", "ocn.ne.jp", "pchome.com.tw", "rediffmail.com", "seed.net.tw",
    "singnet.com.sg", "softbank.ne.jp", "so-net.net.tw", "yam.com",
    # World
    "aim.com", "aol.com", "duck.com", "email.com", "fastmail.com", "fastmail.fm", "gmail.com", "googlemail.com",
    "hey.com", "hushmail.com", "icloud.com", "inbox.com", "lycos.com", "mac.com", "mail.com", "mailbox.org", "me.com",
    "msn.com", "passport.com", "pm.me", "posteo.de", "privaterelay.appleid.com", "proton.me", "protonmail.ch",
    "protonmail.com", "rocketmail.com", "runbox.com", "skiff.com", "tuta.io", "tutanota.com", "usa.com", "ymail.com",
    "zohomail.com",
    # Europe, Russia
    "arcor.de", "bk.ru", "bluewin.ch", "bluewin.com", "free.fr", "freenet.de", "inbox.lv", "inbox.ru", "interia.pl",
    "laposte.net", "libero.it", "list.ru", "mail.ru", "o2.pl", "onet.pl", "orange.fr", "rambler.ru", "seznam.cz",
    "sfr.fr", "t-online.de", "virgilio.it", "wanadoo.fr", "web.de", "wp.pl", "ya.ru", "btinternet.com", "sky.com",
    "virginmedia.com",
    # Americas, Australia
    "att.net", "bell.net", "bellsouth.net", "bigpond.com", "bigpond.net.au", "bol.com.br", "charter.net",
    "comcast.net", "cox.net", "earthlink.net", "optonline.net", "optusnet.com.au", "rogers.com", "sbcglobal.net",
    "shaw.ca", "terra.com.br", "uol.com.br", "verizon.net",
    # thrown away after use
    "10minutemail.com", "guerrillamail.com", "mailinator.com", "sharklasers.com", "temp-mail.org", "tempmail.com",
    "trashmail.com", "yopmail.com",
)  # fmt: skip
"""Sorted by region for the reader. A sub-domain of one of these (vip.163.com) is public too."""

PUBLIC_MAIL_FAMILIES: tuple[str, ...] = ("gmx", "hotmail", "live", "outlook", "windowslive", "yahoo", "yandex")
"""Providers with one name under many country domains: outlook.com, hotmail.fr, yahoo.co.jp, yahoo.com.hk."""


def is_public_mail_domain(domain: str) -> bool:
    """True if ``domain``, in lower case ASCII, or a domain above it belongs to a public mail provider."""
    labels = domain.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return any(parent in _DOMAINS or _FAMILY.fullmatch(parent) is not None for parent in parents)


_DOMAINS = frozenset(PUBLIC_MAIL_DOMAINS)
_FAMILY = re.compile(rf"(?:{'|'.join(PUBLIC_MAIL_FAMILIES)})\.(?:com|net|[a-z]{{2}}|(?:co|com)\.[a-z]{{2}})")
