# SPDX-License-Identifier: BSD-2-Clause
"""What the scripts of this folder share."""
