"""What claims do, seen from outside: expectations come from the requirements and the contract, not from the code."""
