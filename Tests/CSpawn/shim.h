#include <spawn.h>
// glibc's <spawn.h> declares these only with _GNU_SOURCE, which Swift's module of glibc is compiled without.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
