"""Programs (业务项目): the scope in which a customer has at most one owner (TER-01)."""
