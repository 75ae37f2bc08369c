/* Records the length of every file when a sync of it begins: a power cut keeps at least this length. The library is loaded
 * into a server under test with LD_PRELOAD. SYNC_RECORD names the file that receives a line for each sync: the inode of the
 * synced file and its length. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const struct stat *file) {
  static int record = -1;
  const char *path = getenv("SYNC_RECORD");
  char line[64];
  if (!path || !S_ISREG(file->st_mode)) return;
  if (record < 0) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int length = snprintf(line, sizeof line, "%lu %ld\n", (unsigned long)file->st_ino, (long)file->st_size);
  if (record < 0 || write(record, line, length) != length) abort();
}

static int recorded(const char *name, int fd) {
  int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct stat before;
  int known = fstat(fd, &before) == 0;
  int result = sync(fd);
  if (result == 0 && known) note(&before);
  return result;
}

int fdatasync(int fd) { return recorded("fdatasync", fd); }
int fsync(int fd) { return recorded("fsync", fd); }
