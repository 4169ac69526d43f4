"""Disputes (撞单、争议、仲裁): the lifecycle of a case, the facts it rests on, the ownership rules and their advice."""
