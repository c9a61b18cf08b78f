# Parts of the deployment itself fail: what a run has started can be paused,
# stopped, killed, restarted, cut off and squeezed; anything else is done by a
# hook of plumbline.yaml. All is mended when the phase is over, or the run says
# so with an exit code of its own.
Feature: deployment

  Scenario: the target is asked to end while it works
    Given the experiment "deploy/drain"
    When the baseline phase "baseline" lasts 1s
    And stream "getProduct" sends 20 requests per second of "getProduct", with constant arrivals, each recorded
    When the fault phase "drain" lasts 4s
    And "inventory" answers late by 300ms for this run
    And "orders" is stopped from 2s on
    And stream "getProduct" sends 20 requests per second of "getProduct", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 1s
    And stream "getProduct" sends 20 requests per second of "getProduct", with constant arrivals, each recorded
    Then the claim "deploy/graceful-drain/orders" is judged

  Scenario: the instances of the target are restarted one after the other
    Given the experiment "deploy/roll"
    When the fault phase "roll" lasts 16s
    And "orders" is scaled to 2 instances
    And "orders" is restarted from 4s on
    And stream "createOrder" sends 12 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 2s
    And stream "getProduct" sends 2 requests per second of "getProduct", with constant arrivals, each recorded
    Then the claim "deploy/rolling-restart/orders" is judged

  Scenario: one instance of the target is killed
    Given the experiment "deploy/kill"
    When the fault phase "kill" lasts 16s
    And "orders" is scaled to 2 instances
    And "orders" is killed in 1 of its instances from 4s on
    And stream "createOrder" sends 12 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 2s
    And stream "getProduct" sends 2 requests per second of "getProduct", with constant arrivals, each recorded
    Then the claim "deploy/instance-kill/orders" is judged

  Scenario: the payment provider stands still and inventory is short of everything
    Given the experiment "mine/squeezed"
    When the fault phase "squeezed" lasts 10s
    And "payment" is paused from 2s on
    And "inventory" is squeezed to 0.1 processors and 33554432 bytes of memory
    And stream "getProduct" sends 10 requests per second of "getProduct", with constant arrivals, each recorded
    When the fault phase "failover" lasts 10s
    And "failover" is done by its hook
    And stream "getProduct" sends 10 requests per second of "getProduct", with constant arrivals, each recorded
