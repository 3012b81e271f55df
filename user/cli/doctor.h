/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_CLI_DOCTOR_H
#define JB_CLI_DOCTOR_H

int jb_cli_doctor(int argc, char **argv);

#endif
