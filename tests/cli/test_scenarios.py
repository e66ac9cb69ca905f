"""Every scenario of the simulator, from the command line to the verdict and the exit status."""
import concurrent.futures
import json
import support
from support import Sandbox, Simulator, equal

# A silent port costs its whole budget: shorter ones say the same.
BUDGET = '4'
# They mostly wait.
AT_ONCE = 6


def scenarios():
    with Sandbox() as box:
        return json.loads(box.run('simulate', '--list', '--format', 'json').stdout)


def play(scenario):
    with Sandbox() as box, Simulator(box, scenario['id']) as simulator:
        run = box.run(*simulator.arguments, '--format', 'json', '--timeout', BUDGET)
        equal(run.stderr, b'', 'standard error')
        result = json.loads(run.stdout)
        verdict = result['verdict']
        told = f'{verdict["status"]}: {verdict["summary"]}'
        equal(verdict['class'], scenario['expected_class'], f'class ({told})')
        equal(run.returncode, scenario['expected_exit'], f'exit status ({told})')
        equal(result['complete'], True, 'complete')
        shown = box.file('result.json', run.stdout)
        text = box.run('render', shown)
        equal(text.returncode, run.returncode, f'exit status of render ({text.stderr!r})')


def main():
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        plays = [(scenario['id'], pool.submit(play, scenario)) for scenario in scenarios()]
        support.main([(name, future.result) for name, future in plays])


main()
