"""The plugin under Icinga 2 itself, with the command of docs/deploy: states, output and performance data as it read
them. Its daemon is a process of this test, with folders of its own."""
import grp
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import support
from support import PATIENCE, PROGRAM, Sandbox, Simulator, Skip, contains, equal

COMMAND = pathlib.Path(__file__).resolve().parent.parent.parent / 'docs/deploy/icinga2/maildoctor.conf'
CONFIGURATION = r'''
include <itl>
include "%(command)s"
object CheckerComponent "checker" { }
object PerfdataWriter "out" {
  service_perfdata_path = "%(folder)s/spool/service"
  service_temp_path = "%(folder)s/spool/service.tmp"
  host_perfdata_path = "%(folder)s/spool/host"
  host_temp_path = "%(folder)s/spool/host.tmp"
  rotation_interval = 1s
  service_format_template = "$service.name$\t$service.state$\t$service.perfdata$\t$service.output$"
}
object Host "here" {
  check_command = "dummy"
  enable_active_checks = false
}
template Service "mail" {
  host_name = "here"
  check_command = "maildoctor"
  check_interval = 3s // the first comes within that time
  max_check_attempts = 1
}
'''


def service(name, simulator, **variables):
    facts = simulator.facts
    wanted = {'target': facts['target'], 'password_file': facts['password_file'], 'token_file': facts['token_file'],
              'resolver': facts['resolver'], 'connect_to': facts['connect_to'], 'ca_file': facts['ca_file'], **variables}
    lines = [f'  vars.maildoctor_{key} = {json.dumps(value)}\n' for key, value in wanted.items() if value]
    return f'object Service "{name}" {{\n  import "mail"\n{"".join(lines)}}}\n'


class Icinga:
    def __init__(self, box, configuration):
        if not shutil.which('icinga2'):
            raise Skip('icinga2 is not installed')
        self.folder = box.path / 'icinga'
        for name in ('data', 'log', 'cache', 'run', 'spool'):
            (self.folder / name).mkdir(parents=True)
        path = self.folder / 'icinga2.conf'
        path.write_text(CONFIGURATION % {'command': COMMAND, 'folder': self.folder} + configuration)
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
        places = {'DataDir': 'data', 'LogDir': 'log', 'CacheDir': 'cache', 'InitRunDir': 'run', 'SpoolDir': 'spool',
                  'PidPath': 'run/icinga2.pid'}
        defines = [f'-DConfiguration.{key}={self.folder / value}' for key, value in places.items()]
        self.log = open(self.folder / 'daemon.log', 'wb')
        self.process = subprocess.Popen(
            ['icinga2', 'daemon', '-c', str(path), *defines, f'-DConfiguration.RunAsUser={user}',
             f'-DConfiguration.RunAsGroup={group}', f'-DMaildoctorProgram={PROGRAM}'],
            env=box.environment(ICINGA2_USER=user, ICINGA2_GROUP=group, PATH='/usr/sbin:/usr/bin:/sbin:/bin'),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.log.close()

    def read(self, names):
        """What it read of each service: state, performance data, the output's first line."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            found = {}
            for path in sorted((self.folder / 'spool').glob('service.[0-9]*')):
                for line in path.read_text().splitlines():
                    if line.count('\t') == 3:  # the others are further lines of the output
                        name, *rest = line.split('\t')
                        found.setdefault(name, rest)
            if set(found) >= set(names):
                return found
            time.sleep(0.2)
        raise AssertionError((self.folder / 'daemon.log').read_text()[-3000:])


def under_icinga():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as well, \
            Simulator(box, 'smtp-auth-disabled-tenant') as ill:
        configuration = (service('well', well) + service('slow', well, warning='total=0:0.000001') +
                         service('old', well, critical='certificate=99999') + service('ill', ill) +
                         service('wrong', ill, need='everything'))
        with Icinga(box, configuration) as icinga:
            found = icinga.read(('well', 'slow', 'old', 'ill', 'wrong'))
        equal({name: values[0] for name, values in found.items()},
              {'well': 'OK', 'slow': 'WARNING', 'old': 'CRITICAL', 'ill': 'CRITICAL', 'wrong': 'UNKNOWN'}, 'states')
        contains(found['well'][2], 'MAIL OK: ')
        contains(found['well'][1], 'certificate_days=')
        contains(found['ill'][2], 'smtp-auth-disabled-tenant, tenant-admin')
        contains(found['ill'][1], "'smtp.office365.com:587 login'=")
        contains(found['slow'][1], 'total=')
        contains(found['old'][2], 'certificate_days')
        contains(found['wrong'][2], '--need')


support.main([('every state, its words and numbers, as Icinga 2 reads them', under_icinga)])
