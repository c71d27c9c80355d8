"""SpiffWorkflow: a process in BPMN, whose state is stored as JSON beside the audit; the rest is SQLAlchemy’s Core."""

import sys
from io import BytesIO

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Column, Integer, String, Table, insert, select, update

from bench.peers import in_core
from bench.peers.engine import opened
from bench.peers.the_work import audits, take_turns

BPMN = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="audits"><bpmn:process id="audit" isExecutable="true">
<bpmn:startEvent id="started"><bpmn:outgoing>to_share</bpmn:outgoing></bpmn:startEvent>
<bpmn:manualTask id="share"><bpmn:incoming>to_share</bpmn:incoming><bpmn:outgoing>to_moderate</bpmn:outgoing></bpmn:manualTask>
<bpmn:manualTask id="moderate"><bpmn:incoming>to_moderate</bpmn:incoming><bpmn:outgoing>to_closed</bpmn:outgoing></bpmn:manualTask>
<bpmn:endEvent id="closed"><bpmn:incoming>to_closed</bpmn:incoming></bpmn:endEvent>
<bpmn:sequenceFlow id="to_share" sourceRef="started" targetRef="share"/>
<bpmn:sequenceFlow id="to_moderate" sourceRef="share" targetRef="moderate"/>
<bpmn:sequenceFlow id="to_closed" sourceRef="moderate" targetRef="closed"/>
</bpmn:process></bpmn:definitions>"""
PROCESSES = Table("processes", in_core.METADATA, Column("audit_id", Integer, primary_key=True), Column("state", String))
SERIALIZER = BpmnWorkflowSerializer()


ENGINE = opened(sys.argv[1])


def _begun() -> str:
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(BytesIO(BPMN.encode())))
    process = BpmnWorkflow(parser.get_spec("audit"))
    process.do_engine_steps()
    return SERIALIZER.serialize_json(process)


def share(number: int) -> None:
    with ENGINE.begin() as connection:
        stored = connection.execute(select(PROCESSES.c.state).where(PROCESSES.c.audit_id == number)).scalar_one()
        process = SERIALIZER.deserialize_json(stored)
        process.get_next_task(state=TaskState.READY, spec_name="share").run()
        in_core.share(connection, number)
        process.do_engine_steps()
        connection.execute(update(PROCESSES).where(PROCESSES.c.audit_id == number).values(state=SERIALIZER.serialize_json(process)))


if __name__ == "__main__":
    with ENGINE.begin() as filling:
        in_core.fill(filling)
        begun = _begun()
        filling.execute(insert(PROCESSES), [{"audit_id": audit["id"], "state": begun} for audit in audits()])
    take_turns(share)
