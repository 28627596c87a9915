/* SPDX-License-Identifier: BSD-2-Clause */
/* The rest of the machine: console, power button, and how it ends. */
#include <unistd.h>

#include <nt/ntstatus.h>

#include "host.h"

void arch_console_write(const char *text, size_t length)
{
    host_time_progress();
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);

        if (written <= 0)
            return; /* nobody listens: as with a serial line that nothing is plugged into */
        text += written;
        length -= (size_t)written;
    }
}

bool arch_console_read(char *byte)
{
    if (host.keys_read == host.keys_written)
        return false;
    *byte = host.keys[host.keys_read++ % HOST_KEYS];
    return true;
}

/* Bytes arrive on the console; those that find no room are lost. */
void host_console_type(const char *text)
{
    for (; *text != '\0' && host.keys_written - host.keys_read < HOST_KEYS; text++)
        host.keys[host.keys_written++ % HOST_KEYS] = *text;
}

NTSTATUS arch_power_button_connect(void (*pressed)(void))
{
    KIRQL irql;

    host.power_button_pressed = pressed;
    return arch_interrupt_connect(HOST_POWER_BUTTON_LINE, 0, &irql);
}

void host_power_button_press(void)
{
    host_line_raise(HOST_POWER_BUTTON_LINE);
}

void arch_machine_end(enum arch_end how, uint32_t status)
{
    struct arch_context *last = host_this->running;

    host.result = (struct host_result){ .how = how, .status = status };
    host_this = NULL;
    host_swap(last, &host.process);
    __builtin_trap(); /* nobody goes back into a world that has ended */
}
