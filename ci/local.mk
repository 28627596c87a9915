# SPDX-License-Identifier: BSD-2-Clause
# The checks and the scripts that drive builds.
EXTRA_DIST += ci/check-image ci/list-selftests ci/keelci/__init__.py ci/keelci/pe.py
