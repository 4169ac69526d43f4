"""Territories (销售区域划分): who serves which customers of a program (TER-02 to TER-05)."""
