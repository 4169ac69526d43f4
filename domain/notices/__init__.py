"""Notices (通知) in words: a kind and its facts become a title and a sentence in Chinese and English (NTF-01).

>>> from domain.notices import Subject, sentences
>>> told = sentences("claim.won", {}, subject=Subject(customer="张*"), zone="Asia/Shanghai", rule=None)
>>> told.text["en"]
'A deal was recorded for customer 张*.'
"""

from domain.notices.sentences import Sentences, Subject, is_known, sentences

__all__ = ["Sentences", "Subject", "is_known", "sentences"]
