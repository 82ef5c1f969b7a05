# SPDX-License-Identifier: GPL-2.0-or-later
# idle: how often an agent with nothing to do wakes up in 60 s, while the values of its tree change.
import time

from figures import figure, missing
from programs import Failed, Scene, switches, wait_quiet

SECONDS = 60
PARAMETERS = 1000
CHANGE_MS = 1000
CASE = '%d, values change each second' % PARAMETERS


class Idle:
    """An agent that was left alone after its first session. Other benchmarks may run meanwhile."""

    def __init__(self, build):
        self.scene, self.why = Scene(build), None
        try:
            self.scene.publish(PARAMETERS, CHANGE_MS)
            self.agent = self.scene.agent()
            self.scene.first_session()
            wait_quiet(self.agent.pid, 1)
            self.begin, self.before = time.monotonic(), switches(self.agent.pid)
        except Failed as error:
            self.why = str(error)

    def finish(self):
        """Waits until the time is over; returns the figure."""
        if not self.why:
            time.sleep(max(0, self.begin + SECONDS - time.monotonic()))
            passed = time.monotonic() - self.begin
            wakes = (switches(self.agent.pid) - self.before) * SECONDS / passed
        if self.why:
            return missing('idle', CASE, 'wake-ups/60 s', self.why)
        return figure('idle', CASE, 'wake-ups/60 s', [wakes], goal_value=0)

    def close(self):
        """Ends the agent."""
        self.scene.__exit__()
