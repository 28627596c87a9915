# SPDX-License-Identifier: BSD-2-Clause
# The files of the port to a POSIX process: unit tests, exploration and fuzzing run src/ on it.
HOST_SOURCES =
