"""Claims (客户报备): the lifecycle, the clocks and the rules of one claim."""
