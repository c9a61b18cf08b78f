package main

// codes explains the codes of configuration errors.
func codes() map[string]string {
	return map[string]string{
		"CFG001": "plumbline.yaml is not YAML. The snippet marks where reading stopped.",
		"CFG002": "A key of plumbline.yaml is not known. Keys are checked strictly, because a misspelt claim would otherwise silently not be judged.",
		"CFG003": "A value has the wrong type, or something that is needed is missing.",
		"CFG004": "A value is not one of those that are possible.",
		"CFG005": "An environment variable that plumbline.yaml names is not set. ${NAME:-default} gives a default.",
		"CFG006": "A file cannot be read, or a pattern matches no file. Paths are relative to plumbline.yaml.",
		"DOC301": "The OpenAPI document cannot be read: there is no such file, or no right to read it. It is named by --spec, or by openapi: in plumbline.yaml, there relative to that file.",
		"DOC302": "The OpenAPI document is neither JSON nor YAML. The mark stands where reading stopped; the cause stands there or before it.",
		"DOC303": "The file is no OpenAPI document of a version that is known: 2.0 (swagger), 3.0 and 3.1. Later versions 3 are read as 3.1.",
		"DOC304": "The OpenAPI document cannot be loaded. What is slightly wrong is repaired, and said; a part that cannot be used is left out. This is what remains when nothing of it can be used.",
		"DOC305": "An OpenAPI overlay cannot be read or applied: overlays: of plumbline.yaml, or --overlay.",
		"DOC306": "An Arazzo file cannot be read, or its flows are not about operations of the document: flows: of plumbline.yaml, or --arazzo.",
		"DOC307": "Recorded traffic cannot be read, or is not of this API: har: of plumbline.yaml, or --har.",
		"FLG201": "There is no such command or flag. `plumbline --help` lists the commands, `plumbline COMMAND --help` the flags of one.",
		"FLG202": "A flag has a value that cannot be.",
		"FLG203": "Something that the command needs is not named: neither by a flag nor in plumbline.yaml.",
		"FLG204": "A command has too few arguments, or more than it takes.",
		"TGT501": "The deployment cannot be used as it is named: its URL is none of HTTP, or its host is called like production (prod, production, prd, live), to which invalid input, load and faults are sent only with --force.",
		"HIS601": "The history cannot be read, or does not hold the run: --history and `plumbline history` name a folder of reports, or git:BRANCH of the repository at hand. A folder that is not there is none of the runs that it should hold, so it is not taken for an empty one.",
		"RUN401": "The folder is not the directory of a run: it lacks what a run writes first, its design.json and plan.json, or it has not been judged yet (`plumbline judge RUN`).",
		"RUN402": "The run never began: its plan is there, and its journal, evidence.jsonl, is missing or holds nothing. The deployment could not be reached, or the run was ended before its first request; there is nothing to judge, and nothing to make once more.",
		"RUN403": "The claim cannot be replayed: that run has no such claim, it did not fail there, or what it rests on is more than a few requests or a slice of load. `plumbline run --only FUNCTION` puts it to the test again as a whole.",
		"SLO101": "An objective cannot be understood: in slos of plumbline.yaml, in x-slo of an operation, or in --slo. A percentile has a latency (p99: 300ms), availability and errors have a share (99.9%), throughput has a rate (50/s).",
		"SLO102": "An objective, a dependency or the load mix names an operation that the OpenAPI document does not have. Operations are named by operationId, \"METHOD /path\", tag:NAME or \"*\"; or an objective is about the loss of a dependency that is not declared.",
		"SLO103": "Two objectives contradict each other: the same share of the same operations with two values, or one name for two.",
		"SLO104": "The planned load is too small to decide the objective: even without a single bad request the upper bound of the bad share would lie above what is allowed. n = ln(0.05)/ln(target) requests without a failure prove a target at 95 % (59 for 95 %, 299 for 99 %, 2,995 for 99.9 %).",
		"SLO105": "An OpenSLO file cannot be read.",
		"SLO106": "An OpenSLO document is not of the form that OpenSLO v1 prescribes.",
		"SLO107": "An OpenSLO threshold has no unit: OpenSLO leaves it to the metric. Bind it in plumbline.yaml with unit: s or ms, or with good: \"latency <= 300ms\".",
	}
}
