# A TCP wire knows connections only, so its faults are for everybody.
Feature: store

  Scenario: the store hangs, then refuses, and comes back
    Given the experiment "outage/store"
    When the baseline phase "baseline" lasts 2s
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "hang" lasts 3.6s
    And "store" hangs for everybody
    And stream "listOrders" sends 3.5 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "down" lasts 3.6s
    And "store" refuses connections for everybody
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 11s
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    Then the claim "resilience/timeout-bounds-hang/store" is judged
    And the claim "resilience/recovers-after-outage/store" is judged
