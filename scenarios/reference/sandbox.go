package reference

const sandboxIntro = "`run --sandbox` keeps a scenario from all that is outside it, so that a file that somebody else has written can be run without fear. `test`, `watch` and `diagram` have the flag too. " +
	"It is the default for what comes from the standard input; `--sandbox=off` runs that as a file of your own. A sandbox needs Linux and user namespaces. " +
	"Where a layer of it cannot be had, nothing is run and the message says which; `--sandbox=best-effort` runs with the others and says what is missing. " +
	"In the sandbox there are only the folder of the scenario file, to read, and `${tmp}`; a network with nothing but a loopback interface; no other processes; and of the environment `PATH`, `TMPDIR` and `LANG` with values of its own. " +
	"No program can be run. Forked processes, and networks with hosts and links, work as outside. The users of a sandbox are its own: root of the sandbox that root runs is nobody outside, and its processes can become other users, whom this machine does not have. " +
	"What a scenario needs beyond that (see the chapter Needs) is an error before anything runs, with its place and what allows it: `file.yaml:12:7: not allowed: exec; run with --allow exec=curl`; `check --sandbox` finds the same without running. " +
	"Where only the run can tell what is needed, the call fails with the errno of the kernel, and the report says what may allow it. " +
	"The handles `stdin` and `stdout` are there if a step names them and they are a pipe or a file; no terminal, socket or folder is handed to a sandbox. Golden files, reports and saved runs are written outside of the sandbox. " +
	"`--allow` opens one thing, and may be given several times; a line on the standard error says what is open, and the transcript is the same as outside. Programs that are allowed are confined as the scenario is."
