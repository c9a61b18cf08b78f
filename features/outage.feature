# A dependency fails for everything that the run sends, and comes back. Breaker,
# bulkhead, liveness and recovery are judged by what its wire recorded meanwhile.
Feature: outage

  Scenario: the loss of payment and what comes after
    Given the experiment "outage/payment"
    When the baseline phase "baseline" lasts 2s
    And stream "createOrder" sends 30 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "getMe" sends 10 requests per second of "getMe", with constant arrivals, each recorded
    When the fault phase "down" lasts 11s
    And "payment" answers status 503 for this run
    And stream "createOrder" sends 30 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "getMe" sends 10 requests per second of "getMe", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 11s
    And stream "createOrder" sends 30 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "getMe" sends 10 requests per second of "getMe", with constant arrivals, each recorded
    Then the claim "resilience/breaker-opens/payment" is judged
    And the claim "resilience/recovers-after-outage/payment" is judged

  Scenario: everything that the service needs hangs at once
    Given the experiment "stuck/all"
    When the baseline phase "baseline" lasts 1s
    And stream "liveness polls" sends 30 requests per second of "getLiveness", with constant arrivals, each recorded
    When the fault phase "stuck" lasts 4s
    And "payment" hangs for this run
    And "store" hangs for everybody
    And stream "createOrder" sends 30 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "listOrders" sends 30 requests per second of "listOrders", with constant arrivals, each recorded
    And stream "liveness polls" sends 30 requests per second of "getLiveness", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 4s
    And stream "createOrder" sends 15 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    Then the claim "resilience/health-fast/getLiveness" is judged
