"""The perfect model: it plays the golden calls of tasks, through all that a model goes through.

It is no language model and proves nothing about one. It proves the rest: what it cannot do on the
mock server, through the agent and in every prompt format, nobody can. It knows what is right to
call, and takes what golden calls leave open from the results that it is shown, as a model must.
"""
