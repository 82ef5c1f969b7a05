// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of the device that the configuration names, with arguments: the one that reboots it, the one that resets it.
#include "agent/device-program.h"

#include "shm/log.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int device_program_split(struct device_program_words *program, const char *line)
{
	char *rest = program->text, *word;
	size_t count = 0;

	if (strlen(line) >= sizeof(program->text))
		return -EINVAL;
	memcpy(program->text, line, strlen(line) + 1);
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (count == DEVICE_PROGRAM_WORDS_MAXIMUM)
			return -EINVAL;
		program->words[count++] = word;
	}
	program->words[count] = NULL;
	return count && program->words[0][0] == '/' ? 0 : -EINVAL;
}

const char *device_program_wrong(const char *line)
{
	struct device_program_words program;

	return device_program_split(&program, line) ? "not an absolute path with at most 15 arguments" : NULL;
}

bool device_program_usable(const char *line)
{
	struct device_program_words program;

	return !device_program_split(&program, line) && !access(program.words[0], X_OK);
}

int device_program_start(struct child *child, const char *line, unsigned seconds)
{
	struct device_program_words program;
	int error = device_program_split(&program, line);

	if (error)
		return error;
	log_notice("runs %s", line);
	return child_start(child, program.words, -1, -1, seconds);
}

bool device_program_succeeded(const char *line, int status, bool late)
{
	if (late)
		log_error("%s took too long", line);
	else if (WIFSIGNALED(status))
		log_error("%s was ended by signal %d", line, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_error("%s ended with status %d", line, WEXITSTATUS(status));
	return !late && WIFEXITED(status) && !WEXITSTATUS(status);
}
